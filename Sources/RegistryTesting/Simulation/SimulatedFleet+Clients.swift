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
      case 0...5: .push(tag, digest: digests)
      case 6, 7: .point(tag, digest: UInt64(1 + chance.below(Int(digests))))
      default: .delete(tag)
      }
    events.add(.client(place, operation), at: moment)
  }

  func ask(_ place: Int, _ operation: ClientOperation) {
    guard nodes[place].isUp, nodes[place].machine.gate == .open else {
      result.refused += 1
      return
    }
    let (disk, wall) = (nodes[place].disk, wall(of: place))
    switch operation {
    case .push(let tag, let digest): push(digest, tag, place)
    case .point(let tag, let digest):
      let manifest = Self.manifest(digest, in: tag.repository)
      guard let key = disk.winner(of: manifest, wall: wall)?.value.map({ _ in manifest.key }) else { return }
      queue(.write([(tag, key)]), on: place)
    case .delete(let tag):
      guard let value = disk.winner(of: tag, wall: wall)?.value else { return }
      let manifest = Self.manifest(Self.digest(of: value), in: tag.repository)
      let isManifest = chance.below(2) == 0 && disk.winner(of: manifest, wall: wall)?.value != nil
      queue(.write(isManifest ? [(manifest, nil), (tag, nil)] : [(tag, nil)]), on: place)
    }
  }

  /// Bytes, name, rumour.
  private func push(_ digest: UInt64, _ tag: ClaimedName, _ place: Int) {
    let manifest = Self.manifest(digest, in: tag.repository)
    let (bytes, names) = (DiskOperation.keepBytes(digest), DiskOperation.write([(manifest, [1]), (tag, manifest.key)]))
    let order = plan.fault == .nameBeforeBytes ? [names, bytes] : [bytes, names]
    for operation in order { queue(operation, on: place) }
  }
}
