import FleetCore
import RegistryCore

/// How members ask each other what they keep: names of images as one list, repository and digest in turn; the answer is a list of
/// as many numbers, 1 for what is kept.
enum KeptBytes {
  static let byteLimit = 256 << 10
  static let imageLimit = 512
  private static let limits = BencodeDocument.Limits(bytes: byteLimit, depth: 2, values: 2 * imageLimit + 1)

  static func names(_ names: [ImageName]) -> [UInt8] {
    BencodeValue.list(names.flatMap { [.text($0.repository.text), .text($0.digest.description)] }).encoded
  }

  static func names(in bytes: [UInt8]) -> [ImageName]? {
    guard let items = try? BencodeDocument(bytes, within: limits).root.items, items.count.isMultiple(of: 2) else {
      return nil
    }
    var names: [ImageName] = []
    for place in stride(from: 0, to: items.count, by: 2) {
      guard let repository = items[place].text.flatMap({ try? RepositoryName(parsing: $0) }),
        let digest = items[place + 1].text.flatMap({ try? Digest(parsing: $0) })
      else { return nil }
      names.append(ImageName(digest, in: repository))
    }
    return names
  }

  static func flags(_ flags: [Bool]) -> [UInt8] { BencodeValue.list(flags.map { .integer($0 ? 1 : 0) }).encoded }

  /// `nil`: they are not as many as were asked about.
  static func flags(in bytes: [UInt8], count: Int) -> [Bool]? {
    guard let items = try? BencodeDocument(bytes, within: limits).root.items, items.count == count else { return nil }
    return items.map { $0.integer == 1 }
  }
}
