/// Every bound of the tunnels, by name.
public struct TunnelLimits: Sendable {
  /// Connections that are carried at once, both ways together; the next is answered busy.
  public var connections = 2048
  public var connectionsOfMember = 256
  /// Members for whom this node listens, each with a descriptor of its own.
  public var members = 4096
  /// Tunnels that wait for their next connection, at the end that dialled them.
  public var idle = 64
  public var idleOfMember = 2
  public var idleDeadline = Duration.seconds(60)
  /// At the end that was dialled: longer than `idleDeadline`, so that the end that knows whether it needs a tunnel lets go
  /// of it first.
  public var prefaceDeadline = Duration.seconds(90)
  /// For finding a member and the handshake, at all of its addresses together.
  public var dialDeadline = Duration.seconds(5)
  public var answerDeadline = Duration.seconds(5)
  /// How long nothing may move in a connection of which one side has ended.
  public var halfOpenDeadline = Duration.seconds(1)
  /// Members to whom a tunnel is dialled ahead, of one question.
  public var dialledAhead = 8

  public init() {}
}
