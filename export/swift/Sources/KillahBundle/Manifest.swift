import Foundation

/// What a host needs of `manifest.json`; ../../../FORMAT.md has every field.
public struct Manifest: Decodable {
  public struct Adapter: Decodable {
    public let file: String
  }

  public struct Audio: Decodable {
    public let rate: Int
    public let samplesPerToken: Int
    public let extraSamples: Int
    public let longest: Int
  }

  public struct Persona: Decodable {
    public let file: String
  }

  public struct File: Decodable {
    public let bytes: Int
  }

  public struct Probe: Decodable {
    public let prompt: [Int64]
    public let expected: [Int64]
  }

  public let format: Int
  public let backend: String
  public let program: String
  public let baseData: String
  public let adapter: String
  public let adapters: [String: Adapter]
  public let hidden: Int
  public let context: Int
  public let chunk: Int
  public let bos: Int64
  public let ends: [Int64]
  public let audio: Audio?
  public let persona: Persona?
  public let files: [String: File]
  public let probe: Probe?

  /// The manifest of the bundle in `folder`, after the sizes of its files were compared with it.
  static func read(_ folder: URL) throws -> Manifest {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = try Data(contentsOf: folder.appendingPathComponent("manifest.json"))
    let found = try decoder.decode(Manifest.self, from: data)
    guard found.format == 1 else { throw BundleError("The bundle was made by a newer Killah.") }
    for (name, file) in found.files {
      let values = try? folder.appendingPathComponent(name).resourceValues(forKeys: [.fileSizeKey])
      guard values?.fileSize == file.bytes else {
        throw BundleError("\(name) is not the file that manifest.json describes.")
      }
    }
    return found
  }
}

/// One sentence for people.
public struct BundleError: LocalizedError {
  public let errorDescription: String?

  init(_ text: String) { errorDescription = text }
}
