import CurlKit
import FleetService
import RegistryCore

extension FleetChannel: KeeperPeers {
  /// The member looks each of them up.
  private static let keptPatience = Duration.seconds(5)

  public func kept(_ names: [ImageName], by member: NodeID) async -> KeptAnswer {
    do throws(HTTPClientError) {
      let response = try await send(
        .kept, to: member, at: addresses(of: member), [:], HTTPPatience(whole: Self.keptPatience),
        sending: KeptBytes.names(names))
      switch response.status {
      case 200:
        let bytes = try await response.body.collect(atMost: KeptBytes.byteLimit)
        return KeptBytes.flags(in: bytes, count: names.count).map { .kept($0) } ?? .silent
      // A release that does not know the question, or a node that is about to leave.
      case 404: return .unable
      case 429, 503: return .busy
      default: return .silent
      }
    } catch {
      logSilence(of: member, error)
      return .silent
    }
  }

  public func keep(_ name: ImageName, on member: NodeID) async {
    await keep(name.digest, in: name.repository, on: member)
  }
}
