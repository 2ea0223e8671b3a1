#!/bin/bash
# Builds the fuzzer and the modules ShardFormats and WireAPI, instrumented for libFuzzer and AddressSanitizer.
#
#     Fuzz/build.sh .build-fuzz
#
# Not with SwiftPM, which renames the main function of a program: libFuzzer has a main function of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
mkdir -p "$out"

flags=(-O -g -wmo -swift-version 6 -parse-as-library -package-name nnnd -sanitize=fuzzer,address -I "$out"
  -Xcc "-fmodule-map-file=$PWD/Sources/CZlib/module.modulemap" -enable-upcoming-feature InternalImportsByDefault
  -suppress-warnings)
compile() {
  swiftc "${flags[@]}" -module-name "$1" -emit-module -emit-module-path "$out/$1.swiftmodule" -c -o "$out/$1.o" "${@:2}"
}

for module in ShardFormats WireAPI; do
  mapfile -t sources < <(find "Sources/$module" -name '*.swift' | sort)
  compile "$module" "${sources[@]}"
done
# With the writers of archives and arrays of the unit tests.
compile Fuzz Fuzz/Sources/*.swift Sources/HTTPServer/Problems/JSONFault.swift \
  Tests/ShardFormatsTests/ZipBuilder.swift Tests/ShardFormatsTests/Bytes.swift
# With lld, as gold warns about each function of the sanitizer.
swiftc -use-ld=lld -sanitize=fuzzer,address "$out"/{Fuzz,ShardFormats,WireAPI}.o -lz -o "$out/fuzz"
