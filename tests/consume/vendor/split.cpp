#include <vector>

int main() {
  const std::vector<int> rows{0, 1, 2, 3, 4, 5, 6};
  std::vector<int> mine;
  for (const int row : weir::shard(rows, 1, 3)) mine.push_back(row);
  return mine == std::vector<int>{1, 4} ? 0 : 1;
}
