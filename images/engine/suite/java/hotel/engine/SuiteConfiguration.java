package hotel.engine;

import com.zaxxer.hikari.HikariDataSource;
import hotel.engine.access.SuiteAccess;
import hotel.engine.models.SuiteModels;
import hotel.engine.speed.Calls;
import hotel.engine.speed.RememberedGetters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import javax.sql.DataSource;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.persistence.StrongUuidGenerator;
import org.camunda.bpm.engine.spring.SpringTransactionsProcessEngineConfiguration;
import org.camunda.bpm.engine.spring.components.jobexecutor.SpringJobExecutor;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * An engine with the settings and parts of the image, for the engine's own published tests.
 *
 * <p>The settings are those of {@code application.yaml}. What is left out is named in {@code exceptions.txt}, with its
 * reason.
 */
public class SuiteConfiguration extends SpringTransactionsProcessEngineConfiguration {

    private static final String SETTINGS = "camunda.bpm.";
    private static final String GENERIC = SETTINGS + "generic-properties.properties.";
    private static final String POOL = "spring.datasource.hikari.";

    /** Tests make more than one engine of this class, on the same database. */
    private static final Map<String, HikariDataSource> POOLS = new HashMap<>();

    private final SuiteExceptions exceptions = SuiteExceptions.read();
    private final StandardEnvironment environment = new StandardEnvironment();

    public SuiteConfiguration() {
        var settings = settings();
        environment.getPropertySources().addLast(settings);
        bindGenericProperties(settings);
        setHistory(get("history-level"));
        if (exceptions.keeps("setting default-serialization-format")) {
            setDefaultSerializationFormat(get("default-serialization-format"));
        }
        if (exceptions.keeps("setting authorization.enabled")) {
            setAuthorizationEnabled(Boolean.parseBoolean(get("authorization.enabled")));
        }
        setDbMetricsReporterActivate(Boolean.parseBoolean(get("metrics.db-reporter-activate")));
        // As the starter's defaults.
        setJdbcBatchProcessing(true);
        setIdGenerator(new StrongUuidGenerator());
        setJobExecutor(new StartersJobs());
        useDatabase();
        getProcessEnginePlugins().add(new Parts());
    }

    private static EnumerablePropertySource<?> settings() {
        try {
            var loaded = new YamlPropertySourceLoader().load("image", new ClassPathResource("application.yaml"));
            return (EnumerablePropertySource<?>) loaded.get(0);
        } catch (IOException failure) {
            throw new UncheckedIOException("application.yaml cannot be read", failure);
        }
    }

    private String get(String name) {
        return environment.getRequiredProperty(SETTINGS + name);
    }

    private void bindGenericProperties(EnumerablePropertySource<?> settings) {
        var found = new HashMap<String, Object>();
        for (var name : settings.getPropertyNames()) {
            if (name.startsWith(GENERIC)) {
                var setting = name.substring(GENERIC.length());
                if (exceptions.keeps("setting " + setting)) {
                    found.put("engine." + setting, environment.getProperty(name));
                }
            }
        }
        new Binder(new MapConfigurationPropertySource(found))
                .bind("engine", Bindable.ofInstance((ProcessEngineConfigurationImpl) this), new NoUnboundElementsBindHandler(BindHandler.DEFAULT));
    }

    private void useDatabase() {
        var pool = POOLS.computeIfAbsent(System.getProperty("suite.database"), this::connect);
        setDataSource(pool);
        setTransactionManager(new DataSourceTransactionManager(pool));
    }

    private HikariDataSource connect(String url) {
        var pool = new HikariDataSource();
        Binder.get(environment).bind(POOL.substring(0, POOL.length() - 1), Bindable.ofInstance(pool));
        pool.setJdbcUrl(url);
        pool.setUsername(System.getProperty("suite.user"));
        if (url.startsWith("jdbc:postgresql:")) {
            for (var pair : environment.getRequiredProperty("hotel.engine.database-properties").split("&")) {
                var parts = pair.split("=", 2);
                pool.addDataSourceProperty(parts[0], parts[1]);
            }
        }
        return pool;
    }

    /** As the starter makes it, with the sizes that it has. */
    private static class StartersJobs extends SpringJobExecutor {

        StartersJobs() {
            var threads = new ThreadPoolTaskExecutor();
            threads.setCorePoolSize(3);
            threads.setMaxPoolSize(10);
            threads.setQueueCapacity(3);
            threads.initialize();
            setTaskExecutor(threads);
        }
    }

    /** What the image's plugin puts into the engine, but for its users and the wait for the database. */
    private class Parts extends AbstractProcessEnginePlugin {

        @Override
        public void preInit(ProcessEngineConfigurationImpl configuration) {
            if (exceptions.keeps("part models")) {
                SuiteModels.guard(configuration);
            }
            if (exceptions.keeps("part access")) {
                SuiteAccess.remember(configuration, environment.getRequiredProperty("hotel.engine.access.cache"));
            }
            StartupPlugin.needUser(configuration);
            Calls.install(configuration);
            RememberedGetters.install();
            if (exceptions.keeps("part owners")) {
                configuration.setResourceAuthorizationProvider(new NoOwners());
            }
        }

        @Override
        public void postInit(ProcessEngineConfigurationImpl configuration) {
            StartupPlugin.addSerializers(configuration);
            if (exceptions.keeps("part serialization")) {
                StartupPlugin.removeJavaSerialization(configuration);
            }
        }
    }
}
