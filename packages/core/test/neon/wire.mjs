// Messages between two processes: 4 bytes with the length of a JSON text, the text, then the bytes of its buffers. Memory
// crosses whole: what surrounds a tensor in its buffer, too, so that a write past its end is seen on the other side.

/** @returns {Buffer[]} what to write, in order */
export function encode(message, buffers) {
  const places = new Map(buffers.map((buffer, index) => [buffer, index]));
  const placeOf = (buffer) => {
    if (!places.has(buffer)) places.set(buffer, places.size);
    return places.get(buffer);
  };
  const body = pack(message, placeOf);
  const all = [...places.keys()];
  const text = Buffer.from(JSON.stringify({ body, sizes: all.map(({ byteLength }) => byteLength) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return [length, text, ...all.map((buffer) => Buffer.from(buffer))];
}

/** What JSON cannot say is an object with one key that begins with $. */
function pack(value, placeOf) {
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT = 1 } = value;
    const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
    return { $view: { buffer: placeOf(buffer), kind, byteOffset, length: byteLength / BYTES_PER_ELEMENT } };
  }
  if (Array.isArray(value)) return value.map((item) => pack(item, placeOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, pack(item, placeOf)]));
}

/** Collects what arrives and hands over whole messages: `receive(body, buffers)`. */
export function decoder(receive) {
  let [chunks, bytes] = [[], 0];
  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    for (;;) {
      if (bytes < 4) return;
      // Only what is looked at has to lie in one piece.
      const joined = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      chunks = [joined];
      const head = 4 + joined.readUInt32LE(0);
      if (bytes < head) return;
      const { body, sizes } = JSON.parse(joined.toString('utf8', 4, head));
      const end = sizes.reduce((sum, size) => sum + size, head);
      if (bytes < end) return;
      let at = head;
      const buffers = sizes.map((size) => {
        const { buffer } = new Uint8Array(joined.subarray(at, at + size));
        at += size;
        return buffer;
      });
      chunks = [joined.subarray(end)];
      bytes -= end;
      receive(unpack(body, buffers), buffers);
    }
  };
}

function unpack(value, buffers) {
  if (Array.isArray(value)) return value.map((item) => unpack(item, buffers));
  if (typeof value !== 'object' || value === null) return value;
  if ('$bigint' in value) return BigInt(value.$bigint);
  if ('$number' in value) return Number(value.$number);
  if ('$view' in value) {
    const { buffer, kind, byteOffset, length } = value.$view;
    return new globalThis[kind](buffers[buffer], byteOffset, length);
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unpack(item, buffers)]));
}
