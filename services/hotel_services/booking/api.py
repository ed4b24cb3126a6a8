"""The booking service's HTTP operations."""

from http import HTTPStatus

from sqlalchemy.orm import Session

from hotel_services.booking import bookings, search
from hotel_services.booking.domain import Content, Status
from hotel_services.booking.models import (
    BookingPage,
    BookingQuery,
    BookingView,
    CancelView,
    ClaimRequest,
    ClaimView,
    CreateRequest,
    ReferenceRequest,
)
from hotel_services.booking.tables import Booking
from hotel_services.kit.http.fields import Identifier
from hotel_services.kit.http.operations import Answer, Api
from hotel_services.kit.http.problems import NOT_FOUND, Problem
from hotel_services.shared.references import REFERENCE_TAKEN, RESERVATION_CANCELLED

api = Api("/api/booking")


@api.post(
    "/claim",
    answers={HTTPStatus.CREATED: ClaimView, HTTPStatus.OK: ClaimView},
    problems=(REFERENCE_TAKEN,),
)
def claim_reference(session: Session, body: ClaimRequest) -> Answer:
    """Claim a reservation's reference for the claimant who makes it.

    The same claimant may send this again (200); every other claimant is refused.
    """
    is_new = bookings.claim(session, body.reservation_ref, body.claimant)
    view = ClaimView(reservation_ref=body.reservation_ref, claimant=body.claimant)
    return Answer(view, HTTPStatus.CREATED if is_new else HTTPStatus.OK)


@api.post(
    "/create",
    answers={HTTPStatus.CREATED: BookingView, HTTPStatus.OK: BookingView},
    problems=(REFERENCE_TAKEN, RESERVATION_CANCELLED),
)
def create_booking(session: Session, body: CreateRequest) -> Answer:
    """Make a booking, pending or confirmed.

    The same request again finds the booking that is there (200), and confirms it if `confirm` is true.
    """
    content = Content(body.client_id, body.room_id, body.check_in, body.check_out, body.guests, body.table_id)
    booking, is_new = bookings.create(session, body.reservation_ref, content, confirm=body.confirm)
    return Answer(BookingView.model_validate(booking), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


@api.post("/confirm", answers={HTTPStatus.OK: BookingView}, problems=(NOT_FOUND, RESERVATION_CANCELLED))
def confirm_booking(session: Session, body: ReferenceRequest) -> BookingView:
    """Confirm a reservation's booking."""
    return BookingView.model_validate(bookings.confirm(session, body.reservation_ref))


@api.post("/cancel", answers={HTTPStatus.OK: CancelView})
def cancel_booking(session: Session, body: ReferenceRequest) -> CancelView:
    """Cancel a reservation's booking.

    If the reservation has no booking yet, a later request for one is refused.
    """
    cancelled = bookings.cancel(session, body.reservation_ref)
    return CancelView(reservation_ref=body.reservation_ref, status=Status.CANCELLED, cancelled=cancelled)


@api.get("/bookings", answers=BookingPage)
def list_bookings(session: Session, query: BookingQuery) -> BookingPage:
    """List bookings, the youngest first."""
    return search.booking_page(session, query)


@api.get("/bookings/{booking_id}", answers=BookingView)
def get_booking(session: Session, booking_id: Identifier) -> BookingView:
    """Show a booking."""
    booking = session.get(Booking, booking_id)
    if booking is None:
        raise Problem(NOT_FOUND, f"There is no booking {booking_id}")
    return BookingView.model_validate(booking)
