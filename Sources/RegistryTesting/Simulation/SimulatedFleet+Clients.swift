import FleetCore
import RegistryCore

// Clients: each asks any node, and is told yes when it is durable there.
extension SimulatedFleet {
  static let tags: [ClaimedName] = (0..<9).compactMap { number in
    guard let repository = try? RepositoryName(parsing: "team/app\(number % 3)") else { return nil }
    return ClaimedName(repository: repository, kind: .tag, key: Array("v\(number / 3)".utf8))
  }

  static func manifest(_ digest: UInt64, in repository: RepositoryName) -> ClaimedName {
    ClaimedName(repository: repository, kind: .manifest, key: withUnsafeBytes(of: digest.bigEndian, Array.init))
  }

  static func digest(of key: [UInt8]) -> UInt64 { key.reduce(0) { $0 << 8 | UInt64($1) } }

  func planOperation(at moment: Int64) {
    digests += 1
    let (place, tag) = (chance.below(nodes.count), Self.tags[chance.below(Self.tags.count)])
    let operation: ClientOperation =
      switch chance.below(10) {
      case 0...3: .push(tag, digest: digests)
      case 4: .push(tag, digest: UInt64(1 + chance.below(Int(digests))))
      case 5, 6: .pushAgain(tag)
      case 7: .delete(tag)
      default: .deleteManifest(tag)
      }
    events.add(.client(place, operation), at: moment)
    // Somebody else deletes it elsewhere, a moment before: that may not be heard here yet.
    if case .pushAgain = operation, chance.below(2) == 0 {
      events.add(
        .client(chance.below(nodes.count), .deleteManifest(tag)), at: max(0, moment - Int64(chance.below(4000))))
    }
  }

  func ask(_ place: Int, _ operation: ClientOperation) {
    guard nodes[place].isUp, nodes[place].machine.gate == .open else {
      result.refused += 1
      return
    }
    switch operation {
    case .push(let tag, let digest): push(digest, tag, place)
    case .pushAgain(let tag):
      if let key = standing(tag, on: place)?.value { push(Self.digest(of: key), tag, place) }
    case .delete(let tag): queue(.write(.untag(tag), begun: trueTime), on: place)
    case .deleteManifest(let tag):
      guard let key = standing(tag, on: place)?.value else { return }
      let manifest = Self.manifest(Self.digest(of: key), in: tag.repository)
      queue(.write(.retract(manifest), begun: trueTime), on: place)
    }
  }

  /// Bytes, name, rumour.
  func push(_ digest: UInt64, _ tag: ClaimedName?, _ place: Int) {
    let names = DiskOperation.write(.publish(digest: digest, tags: [tag].compactMap { $0 }), begun: trueTime)
    let bytes = DiskOperation.keepBytes(digest)
    let order = plan.fault == .nameBeforeBytes ? [names, bytes] : [bytes, names]
    for operation in order { queue(operation, on: place) }
  }
}
