// Fits one attention to another's output; the losses must fall. Used by the programs beside it.
module.exports = function train(tf, { attention }, steps = 8) {
  return tf.tidy(() => {
    const random = (shape, seed) => tf.randomNormal(shape, 0, 1, 'float32', seed);
    const x = random([1, 2, 12, 8], 1);
    const target = attention(x, x, random([1, 2, 12, 8], 2), { causal: 'topLeft' });
    const value = tf.variable(random([1, 2, 12, 8], 3));
    const optimizer = tf.train.adam(0.1);
    const losses = [];
    for (let step = 0; step < steps; step++) {
      const loss = optimizer.minimize(
        () => attention(x, x, value, { causal: 'topLeft' }).sub(target).square().mean(),
        true,
      );
      losses.push(loss.dataSync()[0]);
    }
    optimizer.dispose();
    value.dispose();
    return losses;
  });
};
