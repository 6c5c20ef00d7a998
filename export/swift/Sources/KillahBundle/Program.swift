import ExecuTorch
import Foundation

/// A bundle, with one of its adapters at work. Use it on one thread: ExecuTorch's `Module` is made for one.
public final class Program {
  public let about: Manifest
  private let folder: URL
  private let tokens: Tokens
  private let module: Module
  private var position = 0

  /// Load the bundle in `folder`; `adapter` is one of the manifest's, its own if left out.
  public init(_ folder: URL, adapter: String? = nil) throws {
    about = try Manifest.read(folder)
    self.folder = folder
    tokens = try Tokens(folder.appendingPathComponent("tokenizer.json"))
    var data: [String] = about.baseData.isEmpty ? [] : [about.baseData]
    let name = adapter ?? about.adapter
    if !name.isEmpty {
      guard let found = about.adapters[name] else { throw BundleError("The bundle has no adapter \(name).") }
      data.append(found.file)
    }
    module = Module(
      filePath: folder.appendingPathComponent(about.program).path,
      dataFilePaths: data.map { folder.appendingPathComponent($0).path },
      loadMode: .mmap
    )
    try module.load()
  }

  /// Write after [BOS] [persona] [sound] [text], the likeliest words, each piece told to `say`.
  ///
  /// `sound` are mono samples in [-1, 1], `about.audio.rate` a second.
  public func write(after text: String, sound: [Float] = [], count: Int = 64, say: (String) -> Void) throws {
    var characters = Characters()
    var prompt = try beginning()
    if !sound.isEmpty { prompt += try hear(sound) }
    prompt += try embed(tokens.encode(text))
    try write(after: prompt, count: count) { say(characters.push(tokens.bytes($0))) }
  }

  /// How many of the tokens that the bundle expects of any host are written here, and how many there are.
  public func probe() throws -> (agreed: Int, expected: Int) {
    guard let probe = about.probe else { throw BundleError("The bundle has no probe.") }
    var written: [Int64] = []
    let prompt = try beginning() + embed(probe.prompt)
    try write(after: prompt, count: probe.expected.count) { written.append($0) }
    return (zip(written, probe.expected).prefix { $0 == $1 }.count, probe.expected.count)
  }

  // Vectors are (n, hidden), row by row ----------------------------------------------------------

  private func beginning() throws -> [Float] {
    let vectors = try embed([about.bos])
    guard let file = about.persona?.file, !file.isEmpty else { return vectors }
    let raw = try Data(contentsOf: folder.appendingPathComponent(file))
    var soft = [Float](repeating: 0, count: raw.count / MemoryLayout<Float>.size)
    _ = soft.withUnsafeMutableBytes { raw.copyBytes(to: $0) }
    return vectors + soft
  }

  private func embed(_ ids: [Int64]) throws -> [Float] {
    try stride(from: 0, to: ids.count, by: about.chunk).flatMap { start in
      let piece = Array(ids[start..<min(start + about.chunk, ids.count)])
      return try run("token_embedding", [Tensor<Int64>(piece, shape: [1, piece.count])])
    }
  }

  /// Soft tokens of samples; what lacks to whole tokens is silence behind them.
  private func hear(_ sound: [Float]) throws -> [Float] {
    guard let audio = about.audio else { throw BundleError("The bundle has no ears.") }
    let more = audio.samplesPerToken - 1
    let count = max(1, (sound.count - audio.extraSamples + more) / audio.samplesPerToken)
    guard count <= audio.longest else {
      throw BundleError("The recording is too long for the bundle: cut it into parts.")
    }
    let whole = count * audio.samplesPerToken + audio.extraSamples
    let padded = sound + [Float](repeating: 0, count: whole - sound.count)
    return try run("audio_encoder", [Tensor<Float>(padded, shape: [1, 1, whole])])
  }

  private func write(after prompt: [Float], count: Int, say: (Int64) -> Void) throws {
    position = 0
    var logits = try read(prompt)
    for left in stride(from: count, to: 0, by: -1) {
      guard let most = logits.max(), let index = logits.firstIndex(of: most) else { return }
      let token = Int64(index)
      if about.ends.contains(token) { return }
      say(token)
      if left == 1 || position >= about.context { return }
      logits = try read(embed([token]))
    }
  }

  /// Read vectors from `position` on; logits of what follows.
  private func read(_ vectors: [Float]) throws -> [Float] {
    let count = vectors.count / about.hidden
    guard position + count <= about.context else {
      throw BundleError("The text is longer than the bundle's context.")
    }
    var logits: [Float] = []
    for start in stride(from: 0, to: count, by: about.chunk) {
      let size = min(about.chunk, count - start)
      let piece = Array(vectors[(start * about.hidden)..<((start + size) * about.hidden)])
      let positions = (position..<(position + size)).map(Int64.init)
      logits = try run(
        "text_decoder",
        [Tensor<Float>(piece, shape: [1, size, about.hidden]), Tensor<Int64>(positions, shape: [size])]
      )
      position += size
    }
    return logits
  }

  private func run(_ method: String, _ inputs: [ValueConvertible]) throws -> [Float] {
    let output: Tensor<Float> = try module.execute(method, inputs)
    return output.scalars()
  }
}
