package hotel.engine;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.context.ConfigurableApplicationContext;

/** Tells a setup fault in one line, where Spring would print the stack trace. */
class SetupExceptionReporter implements SpringBootExceptionReporter {

    private static final Logger LOG = LoggerFactory.getLogger(SetupExceptionReporter.class);

    SetupExceptionReporter(ConfigurableApplicationContext context) {}

    @Override
    public boolean reportException(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SetupException) {
                LOG.error("The engine does not start: {}", cause.getMessage());
                return true;
            }
        }
        return false;
    }
}
