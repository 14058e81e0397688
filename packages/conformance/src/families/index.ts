import type { Family } from '../builder.js';
import { alibi, dropout, int8, kvLengths, paged, rope, sinks, softcap, varlen } from './beyond.js';
import { bias } from './bias.js';
import { causal } from './causal.js';
import { dLse } from './gradients.js';
import { heads } from './heads.js';
import { layout } from './layout.js';
import { lengths } from './lengths.js';
import { mask } from './mask.js';
import { plain } from './plain.js';
import { refusal } from './refusal.js';
import { determinism, nonFinite, scale, values } from './values.js';
import { window } from './window.js';

/** Every family of cases. */
export const families: readonly Family[] = [
  plain,
  causal,
  window,
  mask,
  bias,
  heads,
  layout,
  lengths,
  dLse,
  scale,
  values,
  nonFinite,
  determinism,
  refusal,
  softcap,
  alibi,
  sinks,
  dropout,
  kvLengths,
  varlen,
  paged,
  int8,
  rope,
];
