/// Speaks something else than HTTP over connections whose handshake agreed on it (ALPN). Called on the connection's event
/// loop and must not block it.
public protocol StreamTaker: Sendable {
  /// The stream is the taker's until this returns; then it is closed.
  func take(_ stream: SecureStream) async
}
