package hotel.engine;

/** A fault that the one who runs the engine can mend; the message says how. */
class SetupException extends RuntimeException {

    SetupException(String message) {
        super(message);
    }

    SetupException(String message, Throwable cause) {
        super(message, cause);
    }
}
