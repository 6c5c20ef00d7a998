// killah-host BUNDLE --prompt "It was" [--audio FILE] [--adapter NAME] [--tokens 64] | --probe
import AVFoundation
import Foundation
import KillahBundle

func fail(_ text: String) -> Never {
  FileHandle.standardError.write(Data("killah-host: \(text)\n".utf8))
  exit(1)
}

/// Mono samples of any file that the system reads, `rate` a second.
func samples(_ path: String, rate: Int) throws -> [Float] {
  let file = try AVAudioFile(forReading: URL(fileURLWithPath: path))
  let wanted = AVAudioFormat(
    commonFormat: .pcmFormatFloat32, sampleRate: Double(rate), channels: 1, interleaved: false)!
  let room = AVAudioFrameCount(Double(file.length) * Double(rate) / file.fileFormat.sampleRate) + 1024
  guard let source = AVAudioPCMBuffer(pcmFormat: file.processingFormat, frameCapacity: AVAudioFrameCount(file.length)),
    let target = AVAudioPCMBuffer(pcmFormat: wanted, frameCapacity: room),
    let converter = AVAudioConverter(from: file.processingFormat, to: wanted)
  else { fail("\(path) cannot be read as sound.") }
  try file.read(into: source)
  var given = false
  var problem: NSError?
  converter.convert(to: target, error: &problem) { _, status in
    status.pointee = given ? .endOfStream : .haveData
    defer { given = true }
    return given ? nil : source
  }
  if let problem { throw problem }
  return Array(UnsafeBufferPointer(start: target.floatChannelData![0], count: Int(target.frameLength)))
}

var options: [String: String] = [:]
var rest = Array(CommandLine.arguments.dropFirst())
guard rest.count > 1 else {
  fail("Usage: killah-host BUNDLE --prompt TEXT [--audio FILE] [--adapter NAME] [--tokens N] | --probe")
}
let folder = URL(fileURLWithPath: rest.removeFirst())
while let name = rest.first {
  rest.removeFirst()
  if name == "--probe" {
    options[name] = "yes"
  } else if ["--prompt", "--audio", "--adapter", "--tokens"].contains(name), !rest.isEmpty {
    options[name] = rest.removeFirst()
  } else {
    fail("Unknown option \(name).")
  }
}

do {
  let program = try Program(folder, adapter: options["--adapter"])
  if options["--probe"] != nil {
    let (agreed, expected) = try program.probe()
    print("\(agreed) of \(expected) tokens are as expected")
    exit(agreed == expected ? 0 : 1)
  }
  let sound = try options["--audio"].map { try samples($0, rate: program.about.audio?.rate ?? 16_000) } ?? []
  let count = options["--tokens"].flatMap(Int.init) ?? 64
  try program.write(after: options["--prompt"] ?? "", sound: sound, count: count) {
    FileHandle.standardOutput.write(Data($0.utf8))
  }
  print()
} catch {
  fail(error.localizedDescription)
}
