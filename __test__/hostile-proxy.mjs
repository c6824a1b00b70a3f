// Stands between vx and a remote cache, writes down what is asked, and breaks what it is told to break. It speaks HTTP by
// hand: much of what it does no library would do.

import { connect, createServer } from 'node:net'
import { after } from 'node:test'
import { setInterval, clearInterval } from 'node:timers'
import { gzipSync } from 'node:zlib'

const made = new Set()

after(() => Promise.all([...made].map((proxy) => proxy.stop())))

/** An answer that is whole. */
function answer(status, body = '', headers = []) {
  const head = [`HTTP/1.1 ${status} x`, `content-length: ${Buffer.byteLength(body)}`, 'connection: close']
  return `${[...head, ...headers].join('\r\n')}\r\n\r\n${body}`
}

/** The head of an answer that says so much is to come. */
const promised = (length) =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`

const says = (status, headers) => (socket) => {
  const body = JSON.stringify({ message: `the proxy says ${status}` })
  socket.end(answer(status, body, ['content-type: application/json', ...(headers ?? [])]))
}

/**
 * What can be done to a request: with its connection, the request, and the proxy. Where that gives true the request has
 * to be read to its end before.
 */
const FAULTS = {
  /** The connection is cut before any answer, and from then on none is taken. */
  refuse(socket, _, proxy) {
    proxy.server.close()
    proxy.drop()
  },
  /** Never an answer. */
  blackHole() {},
  /** One byte of the answer each second. */
  trickle(socket) {
    const bytes = Buffer.concat([Buffer.from(promised(1 << 20)), Buffer.alloc(1 << 16)])
    // With the head at once, or the deadline of the first byte would be what is tested.
    let sent = bytes.indexOf('\r\n\r\n') + 4
    socket.write(bytes.subarray(0, sent))
    const timer = setInterval(() => socket.write(bytes.subarray(sent, (sent += 1))), 1000)
    socket.once('close', () => clearInterval(timer))
  },
  /** The connection is reset in the middle of a body: the answer's, or what was sent. */
  reset(socket, request) {
    if (request.method !== 'GET') {
      socket.resetAndDestroy()
      return
    }
    socket.write(promised(1 << 20) + 'x'.repeat(1000), () => setImmediate(() => socket.resetAndDestroy()))
  },
  /** Fewer bytes than were said. */
  endsEarly(socket) {
    socket.end(promised(5000) + 'x'.repeat(1000))
  },
  /** More bytes than were said. */
  tooLong(socket) {
    socket.end(promised(100) + 'x'.repeat(5000))
  },
  /** A length that is none. */
  noLength(socket) {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nxxxx')
  },
  /** Chunked, with a chunk that is none. */
  badChunks(socket) {
    socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nxxxx\r\n')
  },
  /** Not even HTTP. */
  noHttp(socket) {
    socket.end('\0\x01\x02SSH-2.0-nobody\r\n')
  },
  /** Right by HTTP, and no artifact. */
  garbage(socket) {
    socket.end(answer(200, 'no artifact'.repeat(1000)))
  },
  /** The page of a login. */
  webPage(socket) {
    socket.end(
      answer(200, '<!doctype html><title>Log in</title>', ['content-type: text/html; charset=utf-8']),
    )
  },
  /** A body that is said to have 3 GiB, and stays away after the first MiB. */
  huge(socket) {
    socket.write(promised(3 * 2 ** 30))
    socket.write(Buffer.alloc(1 << 20))
  },
  status400: says(400),
  status401: says(401),
  status403: says(403),
  status404: says(404),
  status409: says(409),
  status413: says(413),
  status429: says(429, ['retry-after: 3600']),
  status500: says(500),
  status503: says(503),
}

/** Every fault that needs no more than its name. */
export const FAULT_NAMES = Object.keys(FAULTS)

/**
 * Starts a proxy in front of `upstream`. `requests` is what came, `{ method, path, authorized, tag }` each; `fault` decides
 * what is done to a request: a name of a fault, or nothing to pass it on. Other than by name:
 * `{ redirect: url }`; `{ gzip: true }` and `{ bytes }`, which change the body of the answer that the server gives.
 *
 * @param {string} upstream
 * @param {{ fault?: (request: any) => any }} [options]
 */
export async function hostileProxy(upstream, { fault = () => undefined } = {}) {
  const sockets = new Set()
  const proxy = {
    url: '',
    requests: [],
    fault,
    server: createServer((socket) => serve(proxy, upstream, socket)),
    drop: () => sockets.forEach((socket) => socket.destroy()),
    /** How often each method was asked of artifacts. */
    count: (method) => proxy.requests.filter((request) => request.method === method).length,
    forget() {
      proxy.requests.length = 0
    },
    stop() {
      made.delete(proxy)
      return new Promise((resolve) => {
        proxy.server.close(() => resolve(undefined))
        proxy.drop()
      })
    },
  }
  proxy.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise((resolve) => {
    proxy.server.listen(0, '127.0.0.1', () => resolve(undefined))
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (proxy.server.address())
  proxy.url = `http://127.0.0.1:${port}`
  made.add(proxy)
  return proxy
}

/** An address where nobody listens. */
export async function deadUrl() {
  const proxy = await hostileProxy('http://127.0.0.1:1')
  await proxy.stop()
  return proxy.url
}

/** Reads one request after the other of a connection. */
function serve(proxy, upstream, socket) {
  let waiting = Buffer.alloc(0)
  let current
  const step = () => {
    if (!current) {
      const end = waiting.indexOf('\r\n\r\n')
      if (end < 0) {
        return
      }
      current = read(waiting.subarray(0, end).toString('latin1'))
      waiting = waiting.subarray(end + 4)
      proxy.requests.push(current.shown)
      current.fault = proxy.fault(current.shown)
    }
    if (waiting.length >= current.length) {
      const request = { ...current, body: waiting.subarray(0, current.length) }
      waiting = waiting.subarray(current.length)
      current = undefined
      handle(proxy, upstream, socket, request)
    } else if (current.fault === 'reset' && waiting.length > 0) {
      socket.resetAndDestroy()
    }
  }
  socket.on('data', (bytes) => {
    waiting = Buffer.concat([waiting, bytes])
    step()
  })
}

function read(text) {
  const [line, ...rest] = text.split('\r\n')
  const [method, path] = line.split(' ')
  const headers = Object.fromEntries(
    rest.map((header) => {
      const colon = header.indexOf(':')
      return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()]
    }),
  )
  const kept = rest.filter((header) => !/^(?:connection|host|expect):/i.test(header))
  return {
    method,
    path,
    kept,
    length: Number(headers['content-length'] ?? 0),
    shown: { method, path, authorized: 'authorization' in headers, tag: headers['x-artifact-tag'] },
  }
}

function handle(proxy, upstream, socket, request) {
  const { fault } = request
  if (typeof fault === 'string') {
    if (!(fault in FAULTS)) {
      throw new Error(`there is no fault ${fault}`)
    }
    FAULTS[fault](socket, request, proxy)
    return
  }
  if (fault?.redirect) {
    socket.end(answer(307, '', [`location: ${fault.redirect}${request.path}`]))
    return
  }
  const { hostname, port } = new URL(upstream)
  const behind = connect(Number(port), hostname)
  behind.on('error', () => socket.destroy())
  socket.once('close', () => behind.destroy())
  const head = [
    `${request.method} ${request.path} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    'connection: close',
  ]
  behind.write(`${[...head, ...request.kept].join('\r\n')}\r\n\r\n`)
  behind.write(request.body)
  if (!fault) {
    behind.pipe(socket)
    return
  }
  const parts = []
  behind.on('data', (part) => parts.push(part))
  behind.once('end', () => socket.end(changed(Buffer.concat(parts), fault)))
}

/** A server's answer with another body. */
function changed(whole, fault) {
  const end = whole.indexOf('\r\n\r\n')
  const head = whole.subarray(0, end).toString('latin1').split('\r\n')
  if (!head[0].includes(' 200 ')) {
    return whole
  }
  const isChunked = head.some((header) => /^transfer-encoding: *chunked/i.test(header))
  const body = isChunked ? dechunked(whole.subarray(end + 4)) : whole.subarray(end + 4)
  const other = fault.gzip ? gzipSync(body) : fault.bytes(body)
  const kept = head.filter((header) => !/^(?:transfer-encoding|content-length):/i.test(header))
  const encoding = fault.gzip ? ['content-encoding: gzip'] : []
  const text = [...kept, `content-length: ${other.length}`, ...encoding].join('\r\n')
  return Buffer.concat([Buffer.from(`${text}\r\n\r\n`, 'latin1'), other])
}

function dechunked(bytes) {
  const parts = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    if (!(size > 0)) {
      return Buffer.concat(parts)
    }
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}
