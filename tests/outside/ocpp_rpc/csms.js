'use strict';
// A CSMS on ocpp-rpc in strict mode. Usage: node csms.js PORT PASSWORD
// Tells events as JSON lines on stdout (tests/outside/csms.py lists them), takes calls as JSON lines on stdin:
// {"call": "Reset", "params": {"type": "Soft"}}. Ends when stdin does.

const readline = require('readline');
const { RPCServer, createRPCError } = require('ocpp-rpc');
const v16 = require('./v16');
const v201 = require('./v201');

const [port, password] = process.argv.slice(2);
const versions = { 'ocpp1.6': v16, 'ocpp2.0.1': v201 };
let station = null;

function tell(event, values) {
  process.stdout.write(JSON.stringify({ event, ...values }) + '\n');
}

function serve(client) {
  station = client;
  tell('connected', { station: client.identity, subprotocol: client.protocol });
  client.on('close', () => tell('disconnected', { station: client.identity }));
  client.on('strictValidationFailure', ({ method, outbound, error }) => {
    tell('violation', { action: method, by: outbound ? 'csms' : 'station', why: error.message });
  });
  client.on('badMessage', ({ error }) => tell('violation', { action: null, by: 'station', why: error.message }));
  for (const [action, handle] of Object.entries(versions[client.protocol].handlers(tell))) {
    client.handle(action, ({ params }) => handle(params));
  }
  client.handle(({ method }) => {
    tell('violation', { action: method, by: 'station', why: 'this CSMS has no such action' });
    throw createRPCError('NotImplemented');
  });
}

async function call({ call: action, params }) {
  try {
    tell('answer', { action, result: await station.call(action, params) });
  } catch (error) {
    tell('answer', { action, error: error.rpcErrorCode || error.message });
  }
}

async function main() {
  const protocols = Object.keys(versions);
  const server = new RPCServer({ protocols, strictMode: true, callTimeoutMs: 10_000 });
  server.auth((accept, reject, { identity, password: given }) => {
    if (given && given.toString('utf8') === password) {
      accept();
    } else {
      tell('refused', { station: identity });
      reject(401);
    }
  });
  server.on('client', serve);
  const listener = await server.listen(Number(port), '127.0.0.1');
  tell('listening', { port: listener.address().port });
  const commands = readline.createInterface({ input: process.stdin });
  commands.on('line', (line) => call(JSON.parse(line)));
  commands.on('close', () => process.exit(0));
}

main();
