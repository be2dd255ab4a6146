// A link between a sender and a server that swallows answers: the request has arrived and was obeyed, the sender
// cannot know. Requests come one after another on each connection, and an answer is one piece.
import { connect, createServer } from "node:net";

export class LossyLink {
  constructor(serverPort, swallowEvery) {
    this.serverPort = serverPort;
    this.swallowEvery = swallowEvery;
    this.answers = 0;
    this.swallowed = 0;
    this.sockets = new Set();
    this.listener = createServer((client) => this.relay(client));
  }

  async open() {
    await new Promise((resolve) => this.listener.listen(0, "127.0.0.1", resolve));
    return this.listener.address().port;
  }

  relay(client) {
    const server = connect(this.serverPort, "127.0.0.1");
    const end = () => [client, server].forEach((socket) => {
      socket.destroy();
      this.sockets.delete(socket);
    });
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on("error", end).on("close", end);
    }
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => {
      if (++this.answers % this.swallowEvery !== 0) return client.write(bytes);
      ++this.swallowed;
      end();
    });
  }

  close() {
    this.listener.close();
    this.sockets.forEach((socket) => socket.destroy());
  }
}
