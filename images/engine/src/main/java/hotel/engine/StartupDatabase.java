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
    private static final String LOCK = "pg_advisory_lock(hashtext('hotel-engine-startup'))";
    private static final String UNLOCK = "pg_advisory_unlock(hashtext('hotel-engine-startup'))";

    private final DataSource dataSource;
    private final Duration wait;
    private Connection lock;

    StartupDatabase(DataSource dataSource, EngineSettings settings) {
        this.dataSource = dataSource;
        this.wait = settings.databaseWait();
    }

    void acquire() {
        lock = connect(Instant.now().plus(wait));
        select(LOCK);
    }

    void release() {
        select(UNLOCK);
        try {
            lock.close();
        } catch (SQLException failure) {
            LOG.warn("The connection of the startup lock could not be given back: {}", failure.getMessage());
        }
    }

    /** The pool itself waits some seconds for a connection, which is the pace of the attempts. */
    private Connection connect(Instant deadline) {
        while (true) {
            try {
                return dataSource.getConnection();
            } catch (SQLException failure) {
                var reason = NestedExceptionUtils.getMostSpecificCause(failure).getMessage();
                var left = Duration.between(Instant.now(), deadline).toSeconds();
                if (left <= 0) {
                    throw new SetupException("no database within " + wait.toSeconds() + " s (" + reason
                            + "): check ENGINE_DATABASE_URL, ENGINE_DATABASE_USER and ENGINE_DATABASE_PASSWORD", failure);
                }
                LOG.warn("The database does not answer yet ({}); trying for {} s more", reason, left);
            }
        }
    }

    /** H2 needs no lock: its file is open in one process only. */
    private void select(String call) {
        try (var statement = lock.createStatement()) {
            if (lock.getMetaData().getDatabaseProductName().equals("PostgreSQL")) {
                statement.setQueryTimeout((int) wait.toSeconds());
                statement.execute("SELECT " + call);
            }
        } catch (SQLException failure) {
            throw new SetupException("another replica holds the startup lock of the database for more than "
                    + wait.toSeconds() + " s (" + failure.getMessage() + ")", failure);
        }
    }
}
