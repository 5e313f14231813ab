/** The page's entry: draws the app and installs the service worker. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import { installServiceWorker } from './service-worker.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/notebook.css'
import './styles/check.css'
import './styles/status.css'
import './styles/duo.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
installServiceWorker()
