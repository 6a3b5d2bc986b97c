// The shop: a SOAP 1.1 service, by the npm package soap, which reads and writes what orders.wsdl says.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { listen } from "soap";

const cents = { tea: 450, cake: 380 };

function placeOrder({ customer, item }) {
  const items = [item].flat();
  const unknown = items.find(({ sku }) => !Object.hasOwn(cents, sku));
  if (unknown !== undefined) {
    throw {
      Fault: { faultcode: "soap:Client", faultstring: `There is no "${unknown.sku}" & never was`, statusCode: 500 },
    };
  }
  const lines = items.map(({ sku, quantity }) => ({ sku, price: (cents[sku] * quantity) / 100 }));
  const total = lines.reduce((sum, { price }) => sum + price, 0);
  return { orderId: "A-1", note: `For ${customer}`, line: lines, total };
}

const server = createServer((_request, response) => response.writeHead(404).end());
// `portico up` chooses the port.
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  const wsdl = readFileSync(new URL("orders.wsdl", import.meta.url), "utf8");
  listen(server, "/orders", { Orders: { OrdersPort: { PlaceOrder: placeOrder } } }, wsdl);
});

// It also holds our standard input open: when that ends, `portico up` is gone, however it went, and so are we.
process.stdin.on("end", () => process.exit()).resume();
