// swift-tools-version:5.9
// A library that runs a Killah bundle on macOS and iOS, and a command that uses it.
// Checked by review only, against ExecuTorch's headers and documentation: it was never compiled. See ../README.md.
import PackageDescription

let executorch: [Target.Dependency] = [
  "executorch", "backend_xnnpack", "backend_coreml", "backend_mlx",
  "kernels_llm", "kernels_optimized", "kernels_quantized",
].map { .product(name: $0, package: "executorch") }

let package = Package(
  name: "KillahBundle",
  platforms: [.iOS(.v17), .macOS(.v14)],
  products: [
    .library(name: "KillahBundle", targets: ["KillahBundle"]),
    .executable(name: "killah-host", targets: ["killah-host"]),
  ],
  dependencies: [
    .package(url: "https://github.com/pytorch/executorch.git", branch: "swiftpm-1.5.1")
  ],
  targets: [
    // The C++ host's tokenizer (../host/tokenizer.hpp), which the tests hold to the reference.
    .target(name: "KillahTokens"),
    .target(
      name: "KillahBundle",
      dependencies: ["KillahTokens"] + executorch,
      // Kernels and backends register themselves when they are loaded; nothing here names them.
      linkerSettings: [.unsafeFlags(["-Wl,-all_load"])]
    ),
    .executableTarget(name: "killah-host", dependencies: ["KillahBundle"]),
  ],
  cxxLanguageStandard: .cxx17
)
