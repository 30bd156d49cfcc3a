// A console without proton: sends a request with every form of reply address that rhea can attach, prints the replies.
const [, , port, topic, direct, agent] = process.argv;
const container = require("rhea");
const binding = (kind, key) => ({ binding: container.types.wrap_described(
    key, container.types.wrap_symbol(`apache.org:legacy-amqp-${kind}-binding:string`)) });
const connection = container.connect({ host: "127.0.0.1", port: Number(port), reconnect: false });
const replies = {};
const sender = connection.open_sender(direct);
const relay = connection.open_sender({});
const sendRequest = (name, reply_to, via) => {
    const message = { subject: agent, reply_to, correlation_id: name, content_type: "amqp/map",
        application_properties: { method: "request", "qmf.opcode": "_query_request" },
        body: { text: "ä", big: container.types.wrap_ulong(7), list: [1, null, true], map: { a: 1.5 } } };
    if (via === relay) message.to = direct;
    via.send(message);
};
let open = 0;
const ready = () => {
    open += 1;
    if (open !== 4) return; // further credit makes it sendable again
    sendRequest("topic", `${topic}/direct-console.rhea`, sender);
    sendRequest("direct", `${direct}/qmfc-rhea`, sender);
    sendRequest("dynamic", dynamic.source.address, sender);
    sendRequest("relay", `${topic}/direct-console.rhea`, relay);
};
connection.open_receiver({ source: { address: topic, filter: binding("topic", "direct-console.rhea") } });
connection.open_receiver({ source: { address: direct, filter: binding("direct", "qmfc-rhea") } });
const dynamic = connection.open_receiver({ source: { dynamic: true } });
container.on("receiver_open", ready);
container.on("sendable", (context) => { if (context.sender === sender) ready(); });
container.on("message", (context) => {
    replies[context.message.correlation_id] = context.message.body;
    if (Object.keys(replies).length === 4) { console.log(JSON.stringify(replies)); connection.close(); }
});
setTimeout(() => { console.log(JSON.stringify(replies)); process.exit(3); }, 15000).unref();
