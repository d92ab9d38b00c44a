// A webhook consumer that needs nothing but Node: WEBHOOK_SECRET=whsec_… node consumer.mjs
// Answers 204 to what is genuine, new or not, and 400 to everything else.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const SECRET = process.env.WEBHOOK_SECRET;
const TOLERANCE_SECONDS = Number(process.env.TOLERANCE_SECONDS ?? 300);
const MOST_BYTES = 64_000;
const seen = new Set(); // in a real consumer: a table with a unique column

// The message, or an Error. `body` is a Buffer with the exact bytes received.
function verified(secret, headers, body) {
  const id = headers["webhook-id"] ?? "";
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (!id || !/^[0-9]{1,12}$/.test(timestamp)) throw new Error("no id, or a timestamp that is no number");
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) throw new Error("too old, or from the future");
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = Buffer.from("v1," + createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64"));
  // Several while the secret is rotated: one that fits is enough.
  const given = (headers["webhook-signature"] ?? "").split(" ").map((one) => Buffer.from(one));
  const fits = given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  if (!fits) throw new Error("the signature does not fit");
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
}

async function read(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > MOST_BYTES) throw new Error("too long");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const server = createServer(async (request, response) => {
  try {
    const message = verified(SECRET, request.headers, await read(request));
    const id = request.headers["webhook-id"];
    if (!seen.has(id)) {
      seen.add(id); // delivery is at least once
      console.log(message.type, id); // here: put it on a queue of your own, and answer at once
    }
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(400).end(error.message);
  }
});
server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
