import Glibc
import OpenSSLKit
import Testing

struct KeyFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func savedKeyIsTheOwnersAloneAndIsReadBack() throws {
    let path = "\(folder.path)/ca.key"
    let key = Ed25519Key()
    try key.save(path)
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(try Ed25519Key.load(path).publicBytes == key.publicBytes)
    #expect(folder.names == ["ca.key"])
  }

  @Test func savingReplacesWhatWasThereWhole() throws {
    let path = "\(folder.path)/node.key"
    try Ed25519Key().save(path)
    let second = Ed25519Key()
    try second.save(path)
    #expect(try Ed25519Key.load(path).publicBytes == second.publicBytes)
    #expect(folder.names == ["node.key"])
  }

  @Test func keyIsMadeOnceAndThenRead() throws {
    let path = "\(folder.path)/node.key"
    let made = try Ed25519Key.loadOrCreate(path)
    #expect(try Ed25519Key.loadOrCreate(path).publicBytes == made.publicBytes)
  }

  @Test(arguments: [0o640, 0o604, 0o610, 0o601, 0o644] as [mode_t])
  func keyThatOthersMayReadIsRefused(mode: mode_t) throws {
    let path = try folder.write("ca.key", Ed25519Key().pem)
    chmod(path, mode)
    let refusal = #expect(throws: KeyFileError.self) { try Ed25519Key.load(path) }
    #expect(refusal?.description.contains("chmod 600") == true)
    #expect(throws: KeyFileError.self) { try Ed25519Key.loadOrCreate(path) }
  }

  @Test func missingKeyIsNamedAndNotMade() throws {
    let refusal = #expect(throws: KeyFileError.self) { try Ed25519Key.load("\(folder.path)/none") }
    #expect(refusal?.description == "\(folder.path)/none: No such file or directory")
    #expect(folder.names.isEmpty)
  }

  @Test func whatIsNoKeyIsRefusedAndLeftAlone() throws {
    let rubbish = Array("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8)
    for content in [[], [0], Array("hello".utf8), rubbish, [UInt8](repeating: 0x41, count: 1 << 20)] {
      let path = try folder.write("node.key", content)
      #expect(throws: KeyFileError.self) { try Ed25519Key.loadOrCreate(path) }
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_size == content.count)
    }
  }

  @Test func keyWithAPassphraseIsRefusedWithoutAsking() throws {
    let encrypted = """
      -----BEGIN ENCRYPTED PRIVATE KEY-----
      MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAitU/a2iHlx1QICCAAw
      DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKBie5kecXs6vHNNLvgmCKMEQFwz
      ysEK/s6K2x4HjqapQmKmXVWtU4txYOaSYLlUb/XzpiWD0nZ1jPhQtOLwTCj3onF2
      valEiIokvoz6R00+Fhs=
      -----END ENCRYPTED PRIVATE KEY-----

      """
    let path = try folder.write("node.key", Array(encrypted.utf8))
    #expect(throws: KeyFileError.self) { try Ed25519Key.load(path) }
  }

  @Test func folderThatIsNotThereIsNamed() {
    #expect(throws: KeyFileError.self) { try Ed25519Key().save("\(folder.path)/none/ca.key") }
  }
}
