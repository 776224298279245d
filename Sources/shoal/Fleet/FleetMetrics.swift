import FleetCore
import FleetService
import RegistryCore
import RegistryHTTP
import SwarmTunnels
import Telemetry

/// The metrics of a node's part in a fleet. Their labels are states and ways, never members. Of a node that is alone, the
/// gauges are left out.
enum FleetMetrics {
  static func register(_ fleet: NodeFleet, in metrics: MetricsRegistry) {
    registerView(fleet, metrics)
    registerMembership(fleet, metrics)
    registerWork(fleet.meter, metrics)
    registerTunnels(fleet, metrics)
    registerKeeping(fleet, metrics)
  }

  private static func registerKeeping(_ fleet: NodeFleet, _ metrics: MetricsRegistry) {
    let totals: @Sendable () -> KeptTotals? = { fleet.current?.keeper?.totals }
    let images = "Images that this node is bound to keep for its fleet: whole here, or not yet."
    metrics.gauge("shoal_keep_images", images, labels: ["state": "whole"]) {
      totals().map { Double($0.images - $0.lacking) }
    }
    metrics.gauge("shoal_keep_images", images, labels: ["state": "lacking"]) { totals().map { Double($0.lacking) } }
    let meter = fleet.keepMeter
    let counters: [(String, String, Counter)] = [
      ("shoal_keep_brought_total", "Images that this node has taken in because it keeps them.", meter.images),
      ("shoal_keep_repairs_total", "Those of them that were no first copies of what was just pushed.", meter.repairs),
      ("shoal_keep_bytes_total", "Bytes of what was taken in to be kept.", meter.bytes),
      ("shoal_keep_failures_total", "Attempts at an image that did not make it whole.", meter.failures),
      ("shoal_keep_told_total", "Times that a member was asked to keep an image that too few keep.", meter.told),
      (
        "shoal_push_unconfirmed_total", "Pushes answered 503 since too few members kept them in time (push.ack).",
        meter.unconfirmed
      ),
    ]
    for (name, help, counter) in counters { metrics.counter(name, help, counter) }
  }

  /// Of one membership: they begin anew with the next.
  private static func registerTunnels(_ fleet: NodeFleet, _ metrics: MetricsRegistry) {
    let meter: @Sendable () -> TunnelMeter? = { fleet.swarm.withLock { $0 }?.tunnels.meter }
    let tunnels = "Tunnels to and from members: those that carry a connection, and those that wait for one."
    metrics.gauge("shoal_tunnels", tunnels, labels: ["state": "open"]) {
      meter().map { Double($0.outgoing.value + $0.incoming.value) }
    }
    metrics.gauge("shoal_tunnels", tunnels, labels: ["state": "idle"]) { meter().map { Double($0.idle.value) } }
    let bytes = "Bytes of connections that tunnels have carried."
    metrics.counter("shoal_tunnel_bytes_total", bytes, labels: ["direction": "in"]) {
      meter().map { Double($0.bytes.received) }
    }
    metrics.counter("shoal_tunnel_bytes_total", bytes, labels: ["direction": "out"]) {
      meter().map { Double($0.bytes.sent) }
    }
    let counters: [(String, @Sendable (TunnelMeter) -> Counter)] = [
      ("unregistered", { $0.unregistered }), ("stranger", { $0.strangers }), ("torrent", { $0.refused }),
      ("unreached", { $0.unreached }), ("banned", { $0.banned }),
    ]
    for (reason, counter) in counters {
      metrics.counter(
        "shoal_tunnels_refused_total", "Connections that no tunnel carried, by the reason.", labels: ["reason": reason]
      ) { meter().map { Double(counter($0).value) } }
    }
  }

  private static func registerView(_ fleet: NodeFleet, _ metrics: MetricsRegistry) {
    let view: @Sendable () -> FleetView? = { fleet.current?.desk.current }
    metrics.gauge("shoal_fleet_behind_seconds", "How old what this node knows of its fleet may be.") {
      view()?.behindMilliseconds.map { Double($0) / 1000 }
    }
    metrics.gauge("shoal_fleet_clock_ahead_seconds", "How far the members' clocks are ahead of this node's.") {
      view()?.clockOffset.map { Double($0) / 1000 }
    }
    metrics.gauge("shoal_fleet_may_write", "1: this node takes names. 0: it refuses them for its fleet's sake.") {
      view().map { $0.gate == .open ? 1 : 0 }
    }
    metrics.gauge("shoal_fleet_writers", "Logs of claims that are known here.") { view().map { Double($0.writers) } }
  }

  private static func registerMembership(_ fleet: NodeFleet, _ metrics: MetricsRegistry) {
    for state in [MemberState.alive, .suspected, .down] {
      metrics.gauge("shoal_fleet_members", "Members as this node sees them.", labels: ["state": "\(state)"]) {
        guard let view = fleet.current?.desk.current else { return nil }
        return Double(view.directory.members.count { view.state(of: $0) == state })
      }
    }
    metrics.gauge(
      "shoal_fleet_banned_members", "Members that sent wrong bytes during the last hour: no blob is taken from them."
    ) {
      guard fleet.current != nil else { return nil }
      return fleet.registry.map { Double($0.bans.all().count) }
    }
    metrics.gauge("shoal_fleet_issuers", "Members that hold the fleet's key.") {
      (fleet.current?.desk.current).map { Double($0.directory.issuers.count) }
    }
    metrics.gauge("shoal_fleet_certificate_seconds", "How long this node's certificate is still good.") {
      fleet.current.map { Double($0.certificateEndsAtSeconds) - Double(fleet.clock.millisecondsSince1970) / 1000 }
    }
  }

  private static func registerWork(_ meter: FleetMeter, _ metrics: MetricsRegistry) {
    let counters: [(String, String, Counter)] = [
      (
        "shoal_fleet_exchanges_total", "Times that this node has compared what it knows with a member.", meter.exchanges
      ),
      ("shoal_fleet_asked_total", "Questions to members.", meter.asked),
      ("shoal_fleet_unanswered_total", "Questions that members did not answer.", meter.unanswered),
      ("shoal_fleet_answered_total", "Questions of members.", meter.answered),
      ("shoal_fleet_claims_total", "Claims of others that were taken in.", meter.claims),
      (
        "shoal_fleet_refused_claims_total", "Claims that did not follow what is here, or could not be kept.",
        meter.refusedClaims
      ),
      ("shoal_fleet_shunned_total", "Times that a member said what no honest one says.", meter.shunned),
      ("shoal_fleet_forks_total", "Writers found to have used a number twice.", meter.forks),
      (
        "shoal_fleet_passed_over_total", "Statements of members that this release cannot read.", meter.passedOver
      ),
    ]
    for (name, help, counter) in counters { metrics.counter(name, help, counter) }
    BlobSource.channel.register(in: metrics) { Double(meter.channelBytes.value) }
  }
}

extension FleetTunnelsDocument {
  init(_ meter: TunnelMeter) {
    self.init(
      open: meter.outgoing.value + meter.incoming.value, idle: meter.idle.value, receivedBytes: meter.bytes.received,
      sentBytes: meter.bytes.sent,
      refused: meter.unregistered.value + meter.strangers.value + meter.refused.value + meter.banned.value,
      unreached: meter.unreached.value)
  }
}

extension FleetMeter {
  func document(_ seat: NodeFleet.Seat, _ view: FleetView, _ tunnels: TunnelMeter?) -> FleetWorkDocument {
    var document = FleetWorkDocument(
      clockAheadMilliseconds: view.clockOffset, certificateEndsAtSeconds: seat.certificateEndsAtSeconds,
      writers: view.writers)
    (document.exchanges, document.asked, document.unanswered) = (exchanges.value, asked.value, unanswered.value)
    (document.answered, document.claims, document.refusedClaims) = (answered.value, claims.value, refusedClaims.value)
    (document.shunned, document.forks, document.channelBytes) = (shunned.value, forks.value, channelBytes.value)
    document.tunnels = tunnels.map { FleetTunnelsDocument($0) }
    return document
  }
}
