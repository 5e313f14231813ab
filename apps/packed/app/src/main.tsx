/** The page's entry. */
import { createRoot } from 'react-dom/client'
import { App } from './Orders.tsx'

const root = document.getElementById('root')
if (root === null) throw new Error('no root')
createRoot(root).render(<App />)
