// One place of the ring: it owns a slice of the sequence's queries, keys and values. Keys and values of all places come by.
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { mergeAttention, openDeviceSync } from '@fa-metal/core';
import { addTo, float32 } from './tensors.mjs';

/**
 * @import { AttentionOptions, Tensor } from '@fa-metal/core'
 * @import { MessagePort } from 'node:worker_threads'
 */

/** @typedef {{ k: Tensor, v: Tensor, first: number, dk?: Tensor, dv?: Tensor }} Visitor */

const { places, previous, next } = /** @type {{ places: number, previous: MessagePort, next: MessagePort }} */ (
  workerData
);
const device = openDeviceSync({ threads: 1 });

/** What the forward pass leaves for the backward pass. @type {any} */
let kept;

/**
 * A slice's own diagonal: what is j <= i in the whole sequence is j <= i + offset here.
 *
 * @param {AttentionOptions} options
 * @param {number} first of the queries
 * @param {Visitor} visitor
 * @returns {AttentionOptions | undefined} undefined where none of these keys is seen
 */
function optionsFor({ causal, ...options }, first, { k, first: firstKey }, queries = kept.q.shape[2]) {
  const diagonal = { offset: first - firstKey };
  if (causal === undefined || causal === 'none') return { ...options, align: diagonal };
  return firstKey > first + queries - 1 || k.shape[2] === 0 ? undefined : { ...options, causal: diagonal };
}

/** @param {{ q: Tensor, k: Tensor, v: Tensor, first: number, options: AttentionOptions }} task */
async function forward({ q, k, v, first, options }) {
  kept = { q, k, v, first, options };
  const none = { out: float32([...q.shape.slice(0, 3), v.shape[3] ?? 0]), lse: float32(q.shape.slice(0, 3)) };
  none.lse.data.fill(Number.NEGATIVE_INFINITY);
  let merged = none;
  /** @type {Visitor} */
  let visitor = { k, v, first };
  for (let step = 0; step < places; step++) {
    const last = step === places - 1;
    // Sent on before it is used, so that the neighbour need not wait for us.
    if (!last) next.postMessage(visitor);
    const seen = optionsFor(options, first, visitor);
    if (seen)
      merged = /** @type {typeof none} */ (mergeAttention(merged, device.attentionSync(q, visitor.k, visitor.v, seen)));
    if (!last) [visitor] = await once(previous, 'message');
  }
  Object.assign(kept, merged);
  return merged;
}

/** @param {{ dOut: Tensor }} task */
async function backward({ dOut }) {
  const { q, k, v, first, options, out, lse } = kept;
  const dq = float32(q.shape);
  // The gradients of keys and values travel with them, and are home after one round.
  let visitor = { k, v, first, dk: float32(k.shape), dv: float32(v.shape) };
  for (let step = 0; step < places; step++) {
    const seen = optionsFor(options, first, visitor);
    if (seen) {
      const part = device.attentionBackwardSync({ q, k: visitor.k, v: visitor.v, out, lse, dOut }, seen);
      addTo(dq, part.dq);
      addTo(visitor.dk, part.dk);
      addTo(visitor.dv, part.dv);
    }
    next.postMessage(visitor);
    [visitor] = await once(previous, 'message');
  }
  return { dq, dk: visitor.dk, dv: visitor.dv };
}

const passes = { forward, backward };
parentPort?.on('message', async ({ pass, task }) => {
  try {
    parentPort?.postMessage({ result: await passes[/** @type {keyof typeof passes} */ (pass)](task) });
  } catch (error) {
    parentPort?.postMessage({ error });
  }
});
