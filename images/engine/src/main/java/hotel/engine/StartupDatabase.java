package hotel.engine;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;

/** Waits for the database, and lets one replica at a time make or upgrade the schema and the users in it. */
@Component
class StartupDatabase {

    private static final Logger LOG = LoggerFactory.getLogger(StartupDatabase.class);
    /** Ends with its transaction: a PgBouncer that pools transactions keeps one on one connection of the server. */
    private static final String LOCK = "SET LOCAL idle_in_transaction_session_timeout = 0;"
            + " SELECT pg_advisory_xact_lock(hashtext('hotel-engine-startup'))";

    private static final Duration GRACE = Duration.ofSeconds(10);

    private final DataSource dataSource;
    private final Duration wait;
    private Connection lock;

    StartupDatabase(DataSource dataSource, EngineSettings settings) {
        this.dataSource = dataSource;
        this.wait = settings.databaseWait();
    }

    /** Returns when the database answers; each attempt takes the seconds that the pool waits for a connection. */
    void await() {
        var deadline = Instant.now().plus(wait);
        while (true) {
            try (var connection = dataSource.getConnection()) {
                return;
            } catch (SQLException failure) {
                var reason = NestedExceptionUtils.getMostSpecificCause(failure).getMessage();
                var left = Duration.between(Instant.now(), deadline).toSeconds();
                if (left <= 0) {
                    throw new SetupException("no database within " + wait.toSeconds() + " s (" + reason
                            + "): check ENGINE_DATABASE_URL, ENGINE_DATABASE_USER and ENGINE_DATABASE_PASSWORD",
                            failure);
                }
                LOG.warn("The database does not answer yet ({}); trying for {} s more", reason, left);
            }
        }
    }

    void lock() {
        try {
            lock = dataSource.getConnection();
            // H2 needs no lock: its file is open in one process only.
            if (lock.getMetaData().getDatabaseProductName().equals("PostgreSQL")) {
                lock.setAutoCommit(false);
                // Another replica's start may last longer than any statement does otherwise; the pool puts this back.
                lock.setNetworkTimeout(Runnable::run, (int) wait.plus(GRACE).toMillis());
                takeLock();
            }
        } catch (SQLException failure) {
            throw new SetupException("no startup lock of the database within " + wait.toSeconds() + " s ("
                    + failure.getMessage() + "): see whether another replica hangs in its start", failure);
        }
    }

    private void takeLock() throws SQLException {
        try (var statement = lock.createStatement()) {
            statement.setQueryTimeout((int) wait.toSeconds());
            statement.execute(LOCK);
        }
    }

    void unlock() {
        try (var held = lock) {
            if (!held.getAutoCommit()) {
                held.rollback();
            }
        } catch (SQLException failure) {
            throw new SetupException("the connection to the database broke during the start ("
                    + failure.getMessage() + "): start the engine again", failure);
        }
    }
}
