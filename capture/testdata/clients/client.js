// Posts a body through a proxy: node client.js HOST PORT CA.pem URL BODY. Node's fetch knows no proxy before version 24,
// so the tunnel is opened by hand; version 24 takes it from the environment.
const http = require('http'), https = require('https'), fs = require('fs')
const [host, port, ca, url, body] = process.argv.slice(2)
const u = new URL(url)
const show = async r => process.stdout.write(await r.text())
if (+process.versions.node.split('.')[0] >= 24) {
  fetch(url, { method: 'POST', body }).then(show)
} else {
  http.request({ host, port, method: 'CONNECT', path: `${u.hostname}:443` }).on('connect', (_, socket) => {
    https.request({ socket, agent: false, host: u.hostname, servername: u.hostname, path: u.pathname, method: 'POST',
      ca: fs.readFileSync(ca), headers: { Host: u.host } }, r => r.pipe(process.stdout).on('error', () => {}) && r.on('end', () => socket.end())).end(body)
  }).end()
}
