"""The rows of scheduling, by noun: advisors, conversations, outside calendars."""

from scheduling.models.advisors import Advisor, DateOverride, TimeOff
from scheduling.models.bookings import Assignment, Booking, BookingAdvisor, TimeRequest
from scheduling.models.calendars import BusyTime, Calendar

__all__ = [
    "Advisor",
    "Assignment",
    "Booking",
    "BookingAdvisor",
    "BusyTime",
    "Calendar",
    "DateOverride",
    "TimeOff",
    "TimeRequest",
]
