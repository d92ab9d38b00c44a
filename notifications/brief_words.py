"""Opening questions for an advisor, by what the prospect said or left open. Pure data.

Each is one that a prospect likes to answer, and whose answer tells more than another statement would.
"""

QUESTIONS = {
    "no_technical_leadership": "Who decides today when two systems, or two teams, pull apart?",
    "no_core_systems": "Which system is missing most, and what is done by hand instead?",
    "building_from_scratch": "Which choices of the new build cannot be taken back cheaply, and who made them?",
    "engineering_team_needs_structure": "Whom do the engineers ask when the question is not about code?",
    "funding_or_acquisition_ahead": "When does somebody from outside look at the technology, and what do they find?",
    "technology_transformation": "What has to keep running while the rest is moved?",
    "between_ctos": "What did the last CTO leave half done, and who holds it now?",
    "asks_what_technology": "Which technology decision has waited longest?",
    "core_systems_work": "Which system would you not touch, and what makes you trust it?",
    "ai_is_the_priority": "What should be different in a year because of AI?",
    "needs_ai_governance": "What may nobody put into an AI tool today, and who would notice?",
    "siloed_ai_tools": "Which AI tools are paid for, by whom, and which two should talk to each other?",
    "ai_across_departments": "Which department would feel it first?",
    "wants_strategic_ai": "What was tried with AI, and why did it stop?",
    "needs_ai_training_or_roi": "How would you know that it paid?",
    "asks_how_to_use_ai": "Which piece of work do you have in mind when you ask how to use AI?",
}
OF_ITS_OWN = "They were asked to say yes or no to “{}”. What is behind the answer?"
NOTHING_SAID = "What made you write to us just now?"
CONTRADICTS = "Which of the core systems can you rely on, and which not?"
EVEN = "If only one of the two could begin this quarter, technology or AI, which would the other wait for?"
