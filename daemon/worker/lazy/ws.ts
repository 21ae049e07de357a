/** Entry of the bundle that speaks the WebSocket protocol, a `WsModule`. The first socket loads it. */
export { WebSocketServer } from 'ws';
