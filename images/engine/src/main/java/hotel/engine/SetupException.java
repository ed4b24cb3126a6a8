package hotel.engine;

/** A fault that the one who runs the engine can mend; the message says how. */
public class SetupException extends RuntimeException {

    public SetupException(String message) {
        super(message);
    }

    public SetupException(String message, Throwable cause) {
        super(message, cause);
    }
}
