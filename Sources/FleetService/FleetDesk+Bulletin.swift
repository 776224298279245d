import FleetCore

extension FleetDesk {
  /// At most a hundredth of a thread is spent on counting, however much there is.
  private static let countPauses = 100
  private static let countPause = Duration.seconds(5)

  /// Looks again and again at what there is to tell the members: counting what is here is the most of it.
  func keepBulletin() async {
    while !Task.isCancelled {
      let start = ContinuousClock.now
      if let bulletin = await ports.bulletin() { take(.told(bulletin)) }
      let pause = max(Self.countPause, start.duration(to: .now) * Self.countPauses)
      do { try await Task.sleep(for: pause, tolerance: .seconds(1)) } catch { return }
    }
  }
}
