// The floor of start time and memory: a server of Node's own and nothing else. `node bare-node.cjs PORT`
require('node:http')
  .createServer((_request, response) => response.end('{"status":"healthy"}'))
  .listen(Number(process.argv[2]), '127.0.0.1');
