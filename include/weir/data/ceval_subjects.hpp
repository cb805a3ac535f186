// weir/data/ceval_subjects.hpp - the 52 subjects of CEval. Needs the standard library only.
#ifndef WEIR_DATA_CEVAL_SUBJECTS_HPP
#define WEIR_DATA_CEVAL_SUBJECTS_HPP

#include <array>
#include <string_view>

namespace weir::inline v0 {

/// A subject and how many questions it has.
struct ceval_subject {
  std::string_view name;     ///< As in the names of its files.
  std::string_view chinese;  ///< As in prompts.
  std::string_view group;    ///< stem, social-science, humanities, other
  bool hard;                 ///< Of the group ceval-hard, too.
  int val, test;             ///< Rows of its val and test files.
};

/// \source  AISBench 3.1, configs/datasets/ceval (names) and configs/summarizers/groups/ceval.py (groups, counts as
///          weights), Apache-2.0. Sums: 1,346 val and 12,342 test.
inline constexpr std::array<ceval_subject, 52> ceval_subjects{{
    {"computer_network", "\u8ba1\u7b97\u673a\u7f51\u7edc", "stem", false, 19, 171},
    {"operating_system", "\u64cd\u4f5c\u7cfb\u7edf", "stem", false, 19, 179},
    {"computer_architecture", "\u8ba1\u7b97\u673a\u7ec4\u6210", "stem", false, 21, 193},
    {"college_programming", "\u5927\u5b66\u7f16\u7a0b", "stem", false, 37, 342},
    {"college_physics", "\u5927\u5b66\u7269\u7406", "stem", true, 19, 176},
    {"college_chemistry", "\u5927\u5b66\u5316\u5b66", "stem", true, 24, 224},
    {"advanced_mathematics", "\u9ad8\u7b49\u6570\u5b66", "stem", true, 19, 173},
    {"probability_and_statistics", "\u6982\u7387\u7edf\u8ba1", "stem", true, 18, 166},
    {"discrete_mathematics", "\u79bb\u6563\u6570\u5b66", "stem", true, 16, 153},
    {"electrical_engineer", "\u6ce8\u518c\u7535\u6c14\u5de5\u7a0b\u5e08", "stem", false, 37, 339},
    {"metrology_engineer", "\u6ce8\u518c\u8ba1\u91cf\u5e08", "stem", false, 24, 219},
    {"high_school_mathematics", "\u9ad8\u4e2d\u6570\u5b66", "stem", true, 18, 166},
    {"high_school_physics", "\u9ad8\u4e2d\u7269\u7406", "stem", true, 19, 175},
    {"high_school_chemistry", "\u9ad8\u4e2d\u5316\u5b66", "stem", true, 19, 172},
    {"high_school_biology", "\u9ad8\u4e2d\u751f\u7269", "stem", false, 19, 175},
    {"middle_school_mathematics", "\u521d\u4e2d\u6570\u5b66", "stem", false, 19, 177},
    {"middle_school_biology", "\u521d\u4e2d\u751f\u7269", "stem", false, 21, 192},
    {"middle_school_physics", "\u521d\u4e2d\u7269\u7406", "stem", false, 19, 178},
    {"middle_school_chemistry", "\u521d\u4e2d\u5316\u5b66", "stem", false, 20, 185},
    {"veterinary_medicine", "\u517d\u533b\u5b66", "stem", false, 23, 210},
    {"college_economics", "\u5927\u5b66\u7ecf\u6d4e\u5b66", "social-science", false, 55, 497},
    {"business_administration", "\u5de5\u5546\u7ba1\u7406", "social-science", false, 33, 301},
    {"marxism", "\u9a6c\u514b\u601d\u4e3b\u4e49\u57fa\u672c\u539f\u7406", "social-science", false, 19, 179},
    {"mao_zedong_thought",
     "\u6bdb\u6cfd\u4e1c\u601d\u60f3\u548c\u4e2d\u56fd\u7279\u8272\u793e\u4f1a\u4e3b\u4e49\u7406\u8bba\u4f53\u7cfb"
     "\u6982\u8bba",
     "social-science", false, 24, 219},
    {"education_science", "\u6559\u80b2\u5b66", "social-science", false, 29, 270},
    {"teacher_qualification", "\u6559\u5e08\u8d44\u683c", "social-science", false, 44, 399},
    {"high_school_politics", "\u9ad8\u4e2d\u653f\u6cbb", "social-science", false, 19, 176},
    {"high_school_geography", "\u9ad8\u4e2d\u5730\u7406", "social-science", false, 19, 178},
    {"middle_school_politics", "\u521d\u4e2d\u653f\u6cbb", "social-science", false, 21, 193},
    {"middle_school_geography", "\u521d\u4e2d\u5730\u7406", "social-science", false, 12, 108},
    {"modern_chinese_history", "\u8fd1\u4ee3\u53f2\u7eb2\u8981", "humanities", false, 23, 212},
    {"ideological_and_moral_cultivation", "\u601d\u60f3\u9053\u5fb7\u4fee\u517b\u4e0e\u6cd5\u5f8b\u57fa\u7840",
     "humanities", false, 19, 172},
    {"logic", "\u903b\u8f91\u5b66", "humanities", false, 22, 204},
    {"law", "\u6cd5\u5b66", "humanities", false, 24, 221},
    {"chinese_language_and_literature", "\u4e2d\u56fd\u8bed\u8a00\u6587\u5b66", "humanities", false, 23, 209},
    {"art_studies", "\u827a\u672f\u5b66", "humanities", false, 33, 298},
    {"professional_tour_guide", "\u5bfc\u6e38\u8d44\u683c", "humanities", false, 29, 266},
    {"legal_professional", "\u6cd5\u5f8b\u804c\u4e1a\u8d44\u683c", "humanities", false, 23, 215},
    {"high_school_chinese", "\u9ad8\u4e2d\u8bed\u6587", "humanities", false, 19, 178},
    {"high_school_history", "\u9ad8\u4e2d\u5386\u53f2", "humanities", false, 20, 182},
    {"middle_school_history", "\u521d\u4e2d\u5386\u53f2", "humanities", false, 22, 207},
    {"civil_servant", "\u516c\u52a1\u5458", "other", false, 47, 429},
    {"sports_science", "\u4f53\u80b2\u5b66", "other", false, 19, 180},
    {"plant_protection", "\u690d\u7269\u4fdd\u62a4", "other", false, 22, 199},
    {"basic_medicine", "\u57fa\u7840\u533b\u5b66", "other", false, 19, 175},
    {"clinical_medicine", "\u4e34\u5e8a\u533b\u5b66", "other", false, 22, 200},
    {"urban_and_rural_planner", "\u6ce8\u518c\u57ce\u4e61\u89c4\u5212\u5e08", "other", false, 46, 418},
    {"accountant", "\u6ce8\u518c\u4f1a\u8ba1\u5e08", "other", false, 49, 443},
    {"fire_engineer", "\u6ce8\u518c\u6d88\u9632\u5de5\u7a0b\u5e08", "other", false, 31, 282},
    {"environmental_impact_assessment_engineer", "\u73af\u5883\u5f71\u54cd\u8bc4\u4ef7\u5de5\u7a0b\u5e08", "other",
     false, 31, 281},
    {"tax_accountant", "\u7a0e\u52a1\u5e08", "other", false, 49, 443},
    {"physician", "\u533b\u5e08\u8d44\u683c", "other", false, 49, 443},
}};

/// The subject of that name, or nullptr.
[[nodiscard]] constexpr const ceval_subject* find_ceval_subject(std::string_view name) noexcept {
  for (const auto& subject : ceval_subjects)
    if (subject.name == name) return &subject;
  return nullptr;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_CEVAL_SUBJECTS_HPP
