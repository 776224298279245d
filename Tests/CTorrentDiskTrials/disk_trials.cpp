#include "disk_trials.h"

#include "torture.hpp"

#include <map>

namespace trials {

// disk_order_trials.cpp
void hash_waits_for_the_file(std::string const& folder);
void reads_pass_a_blocked_write(std::string const& folder);
void fences_come_last(std::string const& folder);
void neighbours_are_one_write(std::string const& folder);
void writeback_is_started(std::string const& folder);
void peers_are_stopped_and_told(std::string const& folder);
void the_gate_opens_at_half(std::string const& folder);
void memory_goes_back(std::string const& folder);
void no_call_on_the_network_thread(std::string const& folder);
void abort_answers_all(std::string const& folder);

// disk_file_trials.cpp
void read_only_is_never_written(std::string const& folder);
void rot_is_told_once(std::string const& folder);
void rot_of_the_device(std::string const& folder);
void replacement_goes_on(std::string const& folder);
void removed_files_are_gone(std::string const& folder);
void checks_of_a_fetch(std::string const& folder);
void checks_of_a_seed(std::string const& folder);
void failed_write_fails_its_hash(std::string const& folder);
void pieces_are_proven_once(std::string const& folder);
void promoted_pieces_are_proven(std::string const& folder);
void pads_are_zeros(std::string const& folder);
void names_of_files(std::string const& folder);

// expected_trials.cpp
void endpoints_are_expected_once(std::string const& folder);

namespace {

std::map<std::string, void (*)(std::string const&)> const trials_by_name{
  {"hash_waits_for_the_file", hash_waits_for_the_file},
  {"reads_pass_a_blocked_write", reads_pass_a_blocked_write},
  {"fences_come_last", fences_come_last},
  {"neighbours_are_one_write", neighbours_are_one_write},
  {"writeback_is_started", writeback_is_started},
  {"peers_are_stopped_and_told", peers_are_stopped_and_told},
  {"the_gate_opens_at_half", the_gate_opens_at_half},
  {"memory_goes_back", memory_goes_back},
  {"no_call_on_the_network_thread", no_call_on_the_network_thread},
  {"abort_answers_all", abort_answers_all},
  {"read_only_is_never_written", read_only_is_never_written},
  {"rot_is_told_once", rot_is_told_once},
  {"rot_of_the_device", rot_of_the_device},
  {"replacement_goes_on", replacement_goes_on},
  {"removed_files_are_gone", removed_files_are_gone},
  {"checks_of_a_fetch", checks_of_a_fetch},
  {"checks_of_a_seed", checks_of_a_seed},
  {"failed_write_fails_its_hash", failed_write_fails_its_hash},
  {"pieces_are_proven_once", pieces_are_proven_once},
    {"promoted_pieces_are_proven", promoted_pieces_are_proven},
  {"pads_are_zeros", pads_are_zeros},
  {"names_of_files", names_of_files},
  {"endpoints_are_expected_once", endpoints_are_expected_once},
};

constexpr int torture_steps = 3000;

void run_trial(std::string const& name, std::string const& folder, std::uint64_t seed) {
  if (name == "torture") {
    torture trial(folder, seed);
    trial.run(torture_steps);
    return expect(trial.pieces_compared > 0, "the torture compared nothing");
  }
  auto const found = trials_by_name.find(name);
  expect(found != trials_by_name.end(), "there is no such trial");
  found->second(folder);
}

} // namespace

} // namespace trials

extern "C" const char* disk_trial(const char* name, const char* folder, uint64_t seed) {
  static thread_local std::string what;
  try {
    trials::run_trial(name, folder, seed);
    return nullptr;
  } catch (std::exception const& failed) {
    what = failed.what();
  }
  return what.c_str();
}
