"""The admin pages of scheduling, gathered for whoever looks for them here; each stands in a module of its own."""

from scheduling.advisor_admin import AdvisorAdmin
from scheduling.booking_desk import BookingAdmin, TimeRequestAdmin, bookings_of
from scheduling.calendar_admin import CalendarAdmin
from scheduling.choice_desk import AssignmentAdmin, choices_of

__all__ = [
    "AdvisorAdmin",
    "AssignmentAdmin",
    "BookingAdmin",
    "CalendarAdmin",
    "TimeRequestAdmin",
    "bookings_of",
    "choices_of",
]
