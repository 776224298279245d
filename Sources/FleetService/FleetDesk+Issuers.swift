import FleetCore
import RegistryCore

extension FleetDesk {
  /// What an issuer told a member that has come back after its certificate was over: who moved meanwhile is found again.
  public func hear(_ welcome: JoinAnswer.Welcome) {
    hear(Gossip(news: DirectoryNews(records: welcome.records), cards: welcome.cards), of: keys.node)
  }
}
