/** Landfall's own worker, as an app's bundler would bundle it. */
import '@landfall/client/worker'
