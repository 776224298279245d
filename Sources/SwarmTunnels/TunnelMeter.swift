import Telemetry
import Wire

/// What tunnels have done, for metrics and the status. Any thread.
public final class TunnelMeter: Sendable {
  /// Bytes of the connections in them, as they move.
  public let bytes = StreamMeter()
  /// Connections that are carried now, by who dialled.
  public let outgoing = Gauge()
  public let incoming = Gauge()
  /// Tunnels that wait for their next connection, at the end that dialled them.
  public let idle = Gauge()
  public let dialled = Counter()
  /// Members that could not be reached.
  public let unreached = Counter()
  /// Connections for which a tunnel was there already.
  public let reused = Counter()
  /// Turned away on loopback: not dialled by this node's engine.
  public let unregistered = Counter()
  /// Turned away at the fleet's port: no member, or no more.
  public let strangers = Counter()
  /// Turned away there: it sent wrong bytes not long ago.
  public let banned = Counter()
  /// Refused by the member that was asked, or by this one.
  public let refused = Counter()

  init() {}
}
