// argv: shared libraries to load as if they were TensorFlow's. Prints the error that registering ends in.
const { deviceConfig, loadLibrary } = require('@fa-metal/core');
for (const path of process.argv.slice(2)) process.dlopen({ exports: {} }, path);
const { tensorflow } = loadLibrary().addon;
const errors = [0, 1].map(() => {
  try {
    tensorflow.register(deviceConfig());
    return undefined;
  } catch ({ code, message }) {
    return { code, message };
  }
});
console.log(JSON.stringify({ errors, libraries: tensorflow.loadedLibraries() }));
