import BlockingWork
import CurlKit
import FleetCore
import FleetService
import Glibc
import OpenSSLKit
import RegistryCore

/// A node that was invited asks to be let in: runs the steps of `Joining` over HTTPS.
public struct JoinCall: Sendable {
  private static let helloPatience = Duration.seconds(10)
  /// The member rings back before it answers.
  private static let answerPatience = Duration.seconds(15)

  private let token: InviteToken
  private let keys: FleetKeys
  private let card: MemberCard

  /// - Parameter card: what the node will say of itself, for the token's fleet.
  public init(_ token: InviteToken, keys: FleetKeys, card: MemberCard) {
    (self.token, self.keys, self.card) = (token, keys, card)
  }

  public func run() async throws -> Joining.NewMember {
    let nonce = SecureRandom.bytes(JoinRequest.nonceByteCount)
    var joining = Joining(token, key: keys.publicKey, card: card, nonce: nonce)
    var line: JoinLine?
    var steps = joining.begin()
    while !steps.isEmpty {
      var event: Joining.Event?
      for step in steps {
        switch step {
        case .connect(let address):
          let called = try JoinLine(address, fleet: token.fleet)
          event = try await called.greet(within: Self.helloPatience)
          line = called
        case .send(let draft): event = try await send(draft, on: line)
        case .hangUp: line = nil
        case .wait(let milliseconds):
          try await Task.sleep(for: .milliseconds(milliseconds))
          event = .waited
        case .joined(let member): return member
        case .failed(let fault): throw fault
        }
      }
      guard let event else { break }
      steps = joining.take(event, notary: keys, certificates: line?.certificates ?? ShownCertificates())
    }
    throw JoinFault.falseAnswer
  }

  private func send(_ draft: JoinRequest.Draft, on line: JoinLine?) async throws -> Joining.Event {
    guard let line, let request = JoinRequest(draft, signature: keys.sign(draft.signedBytes)) else {
      return .failed(reason: "no connection stands")
    }
    return await line.send(request, within: Self.answerPatience)
  }
}

/// A conversation with one address of an invitation. Whoever is at the other end first shows a certificate under the
/// fleet's key, and stays the same node.
private final class JoinLine: Sendable {
  let certificates: ShownCertificates
  private let client: HTTPClient
  private let address: MemberAddress
  private let origin = HTTPOrigin(.https, host: "issuer.member")

  init(_ address: MemberAddress, fleet: FleetID) throws {
    let shown = ShownCertificates()
    let credentials = try CurlKit.TLSCredentials(
      roots: .presented { shown.isAuthority($0, of: fleet) }, identity: .check { _, own in shown.refusal(of: own) },
      minimumVersion: .tls13)
    client = try HTTPClient(credentials: credentials)
    (certificates, self.address) = (shown, address)
  }

  func greet(within patience: Duration) async throws(ClockFault) -> Joining.Event {
    let sent = Int64(time(nil))
    let answer: HTTPAnswer
    do throws(HTTPClientError) {
      answer = try await client.fetch(try request(.get, .none, patience), atMost: 4096)
    } catch {
      // In OpenSSL's words, which no code stands beside here.
      if case .tlsRefused(_, let reason) = error, reason.contains("not yet valid") {
        throw ClockFault(secondsAhead: nil)
      }
      // What it showed is of no fleet, or of another than the token's.
      if case .tlsRefused = error, certificates.authorityKey == nil {
        return .failed(reason: "another fleet answers there, or none")
      }
      return .failed(reason: "\(error)")
    }
    let ahead = IssuerClock.seconds(aheadOf: answer.headers["Date"], sent: sent, answered: Int64(time(nil)))
    if let ahead, abs(ahead) * 1000 > FleetLimits.clockOffMilliseconds { throw ClockFault(secondsAhead: ahead) }
    guard let node = certificates.node else { return .failed(reason: "it showed no certificate") }
    return .connected(authority: certificates.authorityKey, binding: node)
  }

  func send(_ request: JoinRequest, within patience: Duration) async -> Joining.Event {
    do throws(HTTPClientError) {
      let answer = try await client.fetch(
        try self.request(.post, .bytes(request.bytes), patience), atMost: JoinAnswer.byteLimit)
      guard answer.status == 200 else { return .failed(reason: "it lets nobody in: ask an issuer of the fleet") }
      return .answered(answer.body)
    } catch {
      return .failed(reason: "\(error)")
    }
  }

  private func request(
    _ method: HTTPMethod, _ body: HTTPRequest.Body, _ patience: Duration
  ) throws(HTTPClientError) -> HTTPRequest {
    var request = HTTPRequest(
      method, try HTTPURL(origin, target: FleetRoute.join.path), body: body,
      patience: HTTPPatience(whole: patience))
    request.dial = HTTPDialAddress(host: address.host, port: address.port)
    return request
  }
}

/// What the other side has shown; written on the client's thread, read by the one who calls.
private final class ShownCertificates: CertificateNotary {
  private let authority = Lock<Certificate?>(nil)
  private let own = Lock<[UInt8]?>(nil)

  var authorityKey: PublicKey? { authority.withLock { $0 }?.key.ed25519.flatMap { PublicKey($0) } }

  var node: [UInt8]? { own.withLock { $0 } }

  func isAuthority(_ shown: TLSCertificate, of fleet: FleetID) -> Bool {
    guard let certificate = Certificate(der: shown.der), certificate.key.ed25519 != nil,
      certificate.key.identity == fleet.bytes
    else { return false }
    authority.withLock { $0 = certificate }
    return true
  }

  func refusal(of shown: TLSCertificate) -> String? {
    guard let node = shown.owner else { return "it shows no certificate of a node" }
    return own.withLock { own in
      if own == nil { own = node.bytes }
      return own == node.bytes ? nil : "another node answers there than before"
    }
  }

  func key(certifiedBy certificate: [UInt8], of authority: PublicKey) -> PublicKey? {
    guard let shown = self.authority.withLock({ $0 }), shown.key.ed25519 == authority.bytes,
      let certificate = Certificate(der: certificate), certificate.isIssued(by: shown),
      certificate.validity.contains(Self.now)
    else { return nil }
    return certificate.key.ed25519.flatMap { PublicKey($0) }
  }

  private static var now: Int64 { Int64(time(nil)) }
}
