/** Types for the parts of node-ipc 12 that we use in `rawBuffer` mode; the package has none. */
declare module 'node-ipc' {
  import type { Socket, Server } from 'node:net';

  export interface Connection {
    on(event: 'connect' | 'disconnect', listener: () => void): void;
    on(event: 'data', listener: (bytes: Buffer) => void): void;
    on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): void;
    /** Sends the text unchanged. */
    emit(text: string): void;
  }

  export class IPCModule {
    config: {
      silent: boolean;
      rawBuffer: boolean;
      encoding: string;
      unlink: boolean;
      maxConnections: number;
      stopRetrying: boolean;
      maxRetries: number;
      retry: number;
    };
    server: {
      start(): void;
      stop(): void;
      on(event: 'connect', listener: (socket: Socket) => void): void;
      on(event: 'data', listener: (bytes: Buffer, socket: Socket) => void): void;
      on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): void;
      server: Server;
      sockets: Socket[];
    };
    serve(path: string, onStart: () => void): void;
    of: Record<string, Connection>;
    connectTo(id: string, path: string, onConnect: () => void): void;
    disconnect(id: string): void;
  }
}
