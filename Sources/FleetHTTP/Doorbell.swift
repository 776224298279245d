import CurlKit
import FleetCore
import RegistryCore

/// Tries whether a node answers where it says that it does. It may not have a certificate of the fleet yet: its key is
/// looked at, and nothing is shown of oneself.
public struct Doorbell: Sendable {
  private static let patience = Duration.seconds(2)

  public init() {}

  public func ring(_ node: NodeID, _ addresses: [MemberAddress]) async -> Bool {
    let origin = HTTPOrigin(node)
    do {
      let credentials = try CurlKit.TLSCredentials(
        roots: .none,
        identity: .check { origin, certificate in
          certificate.owner.map { HTTPOrigin($0) } == origin ? nil : "another node answers there"
        }, minimumVersion: .tls13)
      let client = try HTTPClient(credentials: credentials)
      let url = try HTTPURL(origin, target: "/")
      var answered = false
      for address in addresses where !answered {
        var request = HTTPRequest(.get, url, patience: HTTPPatience(whole: Self.patience / addresses.count))
        request.dial = HTTPDialAddress(host: address.host, port: address.port)
        answered = await Self.hasAnswer(client, request)
      }
      await client.close()
      return answered
    } catch {
      return false
    }
  }

  /// Whatever it says: that it says something is what was asked.
  private static func hasAnswer(_ client: HTTPClient, _ request: HTTPRequest) async -> Bool {
    do throws(HTTPClientError) {
      _ = try await client.fetch(request, atMost: 4096)
      return true
    } catch {
      return false
    }
  }
}
