import RegistryCore

/// What a command about torrents is about: one blob, or all parts of an image.
enum BlobOrImageArgument: Hashable {
  case blob(Digest)
  case image(ImageArgument)

  init(parsing text: String) throws(UsageError) {
    guard Digest.Algorithm.allCases.contains(where: { text.hasPrefix("\($0.rawValue):") }) else {
      self = .image(try ImageArgument(parsing: text))
      return
    }
    do throws(RegistryError) {
      self = .blob(try Digest(parsing: text))
    } catch {
      throw UsageError(error.message, advice: "write the whole digest")
    }
  }
}
