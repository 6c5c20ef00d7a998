import Foundation
import KillahTokens

/// Text as ids, ids as the bytes they stand for.
final class Tokens {
  private let inner: OpaquePointer

  init(_ file: URL) throws {
    guard let found = killah_tokenizer_open(file.path) else {
      throw BundleError("\(file.path) is no tokenizer that Killah knows.")
    }
    inner = found
  }

  deinit { killah_tokenizer_close(inner) }

  /// Ids of `text`, nothing added.
  func encode(_ text: String) -> [Int64] {
    var ids = [Int64](repeating: 0, count: text.utf8.count)  // a token is at least a byte
    let count = killah_tokenizer_encode(inner, text, &ids, ids.count)
    return Array(ids.prefix(count))
  }

  /// The bytes that an id adds to the text; none for control tokens.
  func bytes(_ id: Int64) -> [UInt8] {
    var found = [UInt8](repeating: 0, count: 256)
    let count = killah_tokenizer_bytes(inner, id, &found, found.count)
    return Array(found.prefix(count))
  }
}

/// Whole characters of bytes that come in pieces.
struct Characters {
  private var held: [UInt8] = []

  /// What `bytes` complete; may be empty.
  mutating func push(_ bytes: [UInt8]) -> String {
    held += bytes
    var whole = held.count
    for back in 1...3 where back <= held.count {
      let byte = held[held.count - back]
      if byte < 0x80 { break }
      if byte >= 0xC0 {
        let begins = byte >= 0xC2 && byte <= 0xF4  // no other byte does: there is nothing to wait for
        let needed = !begins ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
        if back < needed { whole = held.count - back }
        break
      }
    }
    defer { held.removeFirst(whole) }
    return String(decoding: held.prefix(whole), as: UTF8.self)
  }
}
