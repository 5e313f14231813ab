/** Landfall's worker behind the demo's offline switch. An app without such a switch needs no worker of its own. */
import './cut-network.ts'
import '@landfall/client/worker'
