/// A claim as bytes: what a signature stands over, and what members send each other. One spelling for each claim.
///
///     signed    = "shoal claim 1" NUL body
///     travelled = body signature                      signature = 64 bytes
///     body      = node epoch sequence clock kind previous repository key value
///     node, previous = 32 bytes        epoch, sequence, clock, kind = 8 bytes, big-endian
///     repository, key, value = its length in 4 bytes, big-endian, and its bytes; the length FFFFFFFF: there is none
extension SignedClaim {
  /// The longest repository name, key and value that is taken from elsewhere, together with all else.
  public static let byteLimit = 16 * 1024

  public var bytes: [UInt8] { body.bytes + signature }

  /// What the writer's next claim names as the one before it.
  public var chainedBytes: [UInt8] { body.signedBytes + signature }

  /// `nil`: not a claim, or not in its one spelling.
  public init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count <= Self.byteLimit, bytes.count > Self.signatureByteCount else { return nil }
    let end = bytes.endIndex - Self.signatureByteCount
    guard let body = Body(bytes: bytes[..<end]) else { return nil }
    self.init(body, signature: Array(bytes[end...]))
  }
}

extension SignedClaim.Body {
  private static let none = UInt32.max

  public var signedBytes: [UInt8] { Array("shoal claim 1\0".utf8) + bytes }

  var bytes: [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(120 + repository.text.utf8.count + key.count + (value?.count ?? 0))
    output += writer.node.bytes
    for number in [writer.epoch, sequence, clock.rawValue, kind.rawValue] {
      output.append(bigEndian: UInt64(bitPattern: number))
    }
    output += previous.bytes
    for field in [Array(repository.text.utf8), key, value] {
      output.append(bigEndian: field.map { UInt32($0.count) } ?? Self.none)
      output += field ?? []
    }
    return output
  }

  init?(bytes: ArraySlice<UInt8>) {
    var rest = bytes
    guard let node = rest.take(NodeID.byteCount).flatMap({ NodeID(Array($0)) }),
      let epoch = rest.takeNumber(), let sequence = rest.takeNumber(), let clock = rest.takeNumber(),
      let kind = rest.takeNumber(), let previous = rest.take(ClaimHash.byteCount).flatMap({ ClaimHash(Array($0)) }),
      let repositoryField = rest.takeField(), let repositoryBytes = repositoryField,
      let keyField = rest.takeField(), let key = keyField, let value = rest.takeField(), rest.isEmpty,
      epoch >= 1, sequence >= 1, clock >= 1, kind >= 1, !key.isEmpty,
      let repository = try? RepositoryName(parsing: String(decoding: repositoryBytes, as: UTF8.self))
    else { return nil }
    self.init(
      writer: WriterID(node: node, epoch: epoch), sequence: sequence, clock: HybridTime(rawValue: clock),
      kind: ClaimKind(rawValue: kind), repository: repository, key: key, value: value, previous: previous)
  }
}

extension WriterID {
  /// What the first claim of a writer names as the one before it, hashed: the chain is bound to one fleet, so that no
  /// claim of one is taken for a claim of another.
  public func rootBytes(in fleet: FleetID) -> [UInt8] {
    var output = Array("shoal chain 1\0".utf8) + fleet.bytes + node.bytes
    output.append(bigEndian: UInt64(bitPattern: epoch))
    return output
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian number: some FixedWidthInteger & UnsignedInteger) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }
}

extension ArraySlice<UInt8> {
  fileprivate mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard self.count >= count else { return nil }
    defer { removeFirst(count) }
    return prefix(count)
  }

  fileprivate mutating func takeNumber() -> Int64? {
    take(8).map { Int64(bitPattern: $0.reduce(0) { $0 << 8 | UInt64($1) }) }
  }

  /// Outer `nil`: cut short. Inner `nil`: the field says that there is none.
  fileprivate mutating func takeField() -> [UInt8]?? {
    guard let length = take(4)?.reduce(UInt32(0), { $0 << 8 | UInt32($1) }) else { return nil }
    if length == UInt32.max { return .some(nil) }
    guard let field = take(Int(length)) else { return nil }
    return .some(Array(field))
  }
}
