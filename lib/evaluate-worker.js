// The thread in which configs that may have changed are evaluated anew: `workerData` holds the paths, the one message
// it posts is the answer of `evaluate`.

import { parentPort, workerData } from 'node:worker_threads'
import { evaluateHere } from './evaluate.js'
import './quiet-host.js'

parentPort?.postMessage(await evaluateHere(workerData))
