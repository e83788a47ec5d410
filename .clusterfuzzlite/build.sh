#!/bin/bash -eu
# Builds every target of fuzz/ and its seed corpus, as ClusterFuzzLite wants them in $OUT.
cd "$SRC/iamspec"

# The seeds come from the suite. They are made without the flags for sanitizers: it is the tool that makes them, not a target.
IAMSPEC_FUZZ_CORPUS="$WORK/seeds" env -u RUSTFLAGS -u CFLAGS -u CXXFLAGS cargo test --test fuzz_targets seeds_of_every_target_pass

cargo fuzz build -O --debug-assertions
for source in fuzz/fuzz_targets/*.rs; do
  target=$(basename "$source" .rs)
  cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
  mkdir -p "$WORK/seeds/$target"
  [ ! -d "fuzz/regressions/$target" ] || cp "fuzz/regressions/$target"/* "$WORK/seeds/$target/"
  (cd "$WORK/seeds/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
done
