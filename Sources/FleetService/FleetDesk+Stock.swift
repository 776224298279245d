import FleetCore

extension FleetDesk {
  /// At most a hundredth of a thread is spent on counting, however much there is.
  private static let stockPauses = 100
  private static let stockPause = Duration.seconds(5)

  /// Counts what is here again and again, for the members to know.
  func countStock() async {
    while !Task.isCancelled {
      let start = ContinuousClock.now
      if let stock = await ports.stock() { take(.counted(stock)) }
      let pause = max(Self.stockPause, start.duration(to: .now) * Self.stockPauses)
      do { try await Task.sleep(for: pause, tolerance: .seconds(1)) } catch { return }
    }
  }
}
